package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.vectorized.ColumnVector

/**
 * The Arrow batch that is being filled.
 *
 * @param capacity
 *   maximum number of rows
 * @param budget
 *   intended maximum size in bytes; a single row may exceed it
 */
private[rayonspark] final class ArrowBatch(
    columns: Array[ColumnWriter],
    val capacity: Int,
    budget: Long
) {
  private var rows = 0
  private var used = 0L
  private var closed = false

  // Even a batch without rows has a first offset to write.
  columns.foreach(_.begin(capacity.max(1)))

  def count: Int = rows
  def bytes: Long = used
  def left: Int = capacity - rows
  def isFull: Boolean = closed || rows == capacity

  /** Marks the batch as full, although it has room for more rows. */
  def close(): Unit = closed = true

  /** Whether `more` bytes would exceed the budget. Never for the first row. */
  def exceeds(more: Long): Boolean = rows > 0 && used + more > budget

  /** Adds a row. False when it does not fit; the batch is full then. */
  def add(row: UnsafeRow): Boolean = {
    val size = row.getSizeInBytes
    if (exceeds(size.toLong)) closed = true
    else {
      var i = 0
      while (i < columns.length) {
        columns(i).write(row, i, rows)
        i += 1
      }
      rows += 1
      used += size
    }
    !closed
  }

  /**
   * Adds as many of the `most` rows at `from` as fit, at least one to an empty batch. Returns how
   * many it added.
   */
  def add(column: Int => ColumnVector, from: Int, most: Int): Int = {
    val room = (budget - used).max(0L)
    var fitting = most.min(left)
    var i = 0
    while (i < columns.length) {
      fitting = columns(i).fitting(column(i), from, fitting, room)
      i += 1
    }
    if (fitting == 0 && rows > 0) closed = true
    val added = if (rows == 0) fitting.max(1) else fitting
    i = 0
    while (i < columns.length && added > 0) {
      columns(i).copy(column(i), from, added, rows)
      i += 1
    }
    grown(added)
    added
  }

  /** Counts rows that were written to the columns directly. */
  def grown(by: Int): Unit = {
    rows += by
    used = columns.iterator.map(_.bytes(rows)).sum
  }

  def column(i: Int): ColumnWriter = columns(i)

  def end(): Unit = columns.foreach(_.end(rows))
}
