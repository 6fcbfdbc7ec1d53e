package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.BitVector
import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.vectorized.ColumnVector
import org.apache.spark.unsafe.Platform

/** Writes booleans, which are bits in Arrow. */
private[rayonspark] final class BitColumn(vector: BitVector, nullable: Boolean)
    extends ColumnWriter {
  private val validity = new Validity(vector)
  private var data = 0L

  override def begin(rows: Int): Unit = {
    if (vector.getValueCapacity < rows) vector.allocateNew(rows)
    data = vector.getDataBuffer.memoryAddress
    Platform.setMemory(data, 0, validity.bytes(rows))
    validity.begin(rows)
  }

  override def write(row: UnsafeRow, ordinal: Int, index: Int): Unit =
    if (nullable && row.isNullAt(ordinal)) validity.putNull(index)
    else if (row.getBoolean(ordinal)) set(index)

  override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit = {
    var i = 0
    while (i < rows) {
      if (!column.isNullAt(from + i) && column.getBoolean(from + i)) set(index + i)
      i += 1
    }
    validity.copy(column, from, rows, index)
  }

  private def set(index: Int): Unit = {
    val at = data + (index >> 3)
    Platform.putByte(null, at, (Platform.getByte(null, at) | (1 << (index & 7))).toByte)
  }

  override def fitting(column: ColumnVector, from: Int, rows: Int, room: Long): Int = rows

  override def bytes(rows: Int): Long = 2 * validity.bytes(rows)

  override def end(rows: Int): Unit = vector.setValueCount(rows)
}
