package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.vectorized.ColumnVector

/**
 * Writes one column of a batch directly into the buffers of an Arrow vector. Spark's own field
 * writers check the capacity of every buffer for every value, which takes most of the encoding
 * time.
 */
private[rayonspark] abstract class ColumnWriter {

  /** Starts a batch, and allocates memory for `rows` rows. */
  def begin(rows: Int): Unit

  /** Writes column `ordinal` of `row` as row `index` of the batch. Rows must be in order. */
  def write(row: UnsafeRow, ordinal: Int, index: Int): Unit

  /** Writes rows `from` until `from + rows` of a column as rows `index` and following. */
  def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit

  /** Returns how many of these rows fit into `room` bytes. */
  def fitting(column: ColumnVector, from: Int, rows: Int, room: Long): Int

  /** Returns the size in bytes of the first `rows` values. */
  def bytes(rows: Int): Long

  /** Ends the batch, which has `rows` rows. */
  def end(rows: Int): Unit
}
