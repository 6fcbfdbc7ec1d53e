package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.vectorized.ColumnVector

/**
 * The batch that is being filled.
 *
 * @param capacity
 *   rows that there is room for
 * @param budget
 *   bytes that it should have at most; a single row may have more
 */
private[rayonspark] final class ArrowBatch(
    columns: Array[ColumnWriter],
    val capacity: Int,
    budget: Long
) {
  private var rows = 0
  private var used = 0L
  private var closed = false

  // Also without rows there is a first offset to write.
  columns.foreach(_.begin(capacity.max(1)))

  def count: Int = rows
  def bytes: Long = used
  def left: Int = capacity - rows
  def isFull: Boolean = closed || rows == capacity

  /** Nothing more goes in, though there would be room. */
  def close(): Unit = closed = true

  /** Whether `more` bytes would be too many. */
  def exceeds(more: Long): Boolean = rows > 0 && used + more > budget

  /** False when there is no room for the row. */
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

  /** Takes as many of these rows as there is room for, at least one if it is the first. */
  def add(column: Int => ColumnVector, from: Int, most: Int): Int = {
    val room = (budget - used).max(0L)
    var fitting = most.min(left)
    var i = 0
    while (i < columns.length) {
      fitting = columns(i).fitting(column(i), from, fitting, room)
      i += 1
    }
    if (fitting == 0 && rows > 0) closed = true
    val taken = if (rows == 0) fitting.max(1) else fitting
    i = 0
    while (i < columns.length && taken > 0) {
      columns(i).copy(column(i), from, taken, rows)
      i += 1
    }
    grown(taken)
    taken
  }

  /** A source has written rows to the columns itself. */
  def grown(by: Int): Unit = {
    rows += by
    used = columns.iterator.map(_.bytes(rows)).sum
  }

  def column(i: Int): ColumnWriter = columns(i)

  def end(): Unit = columns.foreach(_.end(rows))
}
