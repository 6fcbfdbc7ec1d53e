package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.vectorized.ColumnVector

/**
 * Writes one column of a batch, straight into the buffers of an Arrow vector: Spark's own field
 * writers check the capacity of every buffer for every value, which takes most of the time of an
 * encoding.
 */
private[rayonspark] abstract class ColumnWriter {

  /** Makes room for a batch of `rows`. */
  def begin(rows: Int): Unit

  /** Writes column `ordinal` of `row` as row `index` of the batch; rows come in order. */
  def write(row: UnsafeRow, ordinal: Int, index: Int): Unit

  /** Writes rows `from` until `from + rows` of a column as rows `index` and following. */
  def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit

  /** How many of these rows fit into `room` bytes, as far as that needs a look at them. */
  def fitting(column: ColumnVector, from: Int, rows: Int, room: Long): Int

  /** Bytes of the first `rows` values. */
  def bytes(rows: Int): Long

  /** The batch has `rows` rows. */
  def end(rows: Int): Unit
}
