package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.DecimalVector
import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.types.Decimal
import org.apache.spark.sql.vectorized.ColumnVector
import org.apache.spark.unsafe.Platform

/** Writes decimals, which have 16 bytes in Arrow, the low ones first. */
private[rayonspark] final class DecimalColumn(vector: DecimalVector, nullable: Boolean)
    extends ColumnWriter {
  private val width = DecimalVector.TYPE_WIDTH.toLong
  private val compact = vector.getPrecision <= Decimal.MAX_LONG_DIGITS
  private val validity = new Validity(vector)
  private var data = 0L

  override def begin(rows: Int): Unit = {
    if (vector.getValueCapacity < rows) vector.allocateNew(rows)
    data = vector.getDataBuffer.memoryAddress
    validity.begin(rows)
  }

  override def write(row: UnsafeRow, ordinal: Int, index: Int): Unit =
    if (nullable && row.isNullAt(ordinal)) validity.putNull(index)
    else if (compact) putLong(row.getLong(ordinal), index)
    else putBytes(row.getBinary(ordinal), index)

  override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit = {
    var i = 0
    while (i < rows) {
      if (!column.isNullAt(from + i)) {
        val value = column.getDecimal(from + i, vector.getPrecision, vector.getScale)
        if (compact) putLong(value.toUnscaledLong, index + i)
        else putBytes(value.toJavaBigDecimal.unscaledValue.toByteArray, index + i)
      }
      i += 1
    }
    validity.copy(column, from, rows, index)
  }

  private def putLong(unscaled: Long, index: Int): Unit = {
    Platform.putLong(null, data + index * width, unscaled)
    Platform.putLong(null, data + index * width + 8, unscaled >> 63)
  }

  /** Writes bytes of `BigInteger.toByteArray`: the high ones first, and no more than needed. */
  private def putBytes(unscaled: Array[Byte], index: Int): Unit = {
    val at = data + index * width
    val sign = if (unscaled(0) < 0) -1 else 0
    Platform.setMemory(at, sign.toByte, width)
    var i = 0
    while (i < unscaled.length) {
      Platform.putByte(null, at + i, unscaled(unscaled.length - 1 - i))
      i += 1
    }
  }

  override def fitting(column: ColumnVector, from: Int, rows: Int, room: Long): Int =
    rows.toLong.min(room / width).toInt

  override def bytes(rows: Int): Long = rows * width + validity.bytes(rows)

  override def end(rows: Int): Unit = vector.setValueCount(rows)
}
