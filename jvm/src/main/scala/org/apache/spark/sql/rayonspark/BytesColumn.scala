package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.{BaseVariableWidthVector, VarCharVector}
import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.vectorized.ColumnVector
import org.apache.spark.unsafe.Platform

/** Writes strings and binaries: offsets, and all bytes in sequence. */
private[rayonspark] final class BytesColumn(vector: BaseVariableWidthVector, nullable: Boolean)
    extends ColumnWriter {
  private val isText = vector.isInstanceOf[VarCharVector]
  private val validity = new Validity(vector)
  private var offsets = 0L
  private var data = 0L
  private var capacity = 0L
  private var filled = 0L

  override def begin(rows: Int): Unit = {
    if (vector.getValueCapacity < rows) vector.allocateNew(BytesColumn.assumedBytes * rows, rows)
    validity.begin(rows)
    offsets = vector.getOffsetBuffer.memoryAddress
    filled = 0
    Platform.putInt(null, offsets, 0)
    refresh()
  }

  override def write(row: UnsafeRow, ordinal: Int, index: Int): Unit =
    if (nullable && row.isNullAt(ordinal)) putNull(index)
    else {
      // An UnsafeRow has the offset of the bytes in the high half, the length in the low half.
      val where = row.getLong(ordinal)
      put(row.getBaseObject, row.getBaseOffset + (where >>> 32), where.toInt, index)
    }

  override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit = {
    var i = 0
    while (i < rows) {
      if (column.isNullAt(from + i)) putNull(index + i)
      else if (isText) {
        val text = column.getUTF8String(from + i)
        put(text.getBaseObject, text.getBaseOffset, text.numBytes, index + i)
      } else {
        val bytes = column.getBinary(from + i)
        put(bytes, Platform.BYTE_ARRAY_OFFSET.toLong, bytes.length, index + i)
      }
      i += 1
    }
  }

  def putNull(index: Int): Unit = {
    validity.putNull(index)
    Platform.putInt(null, offsets + 4L * (index + 1), filled.toInt)
  }

  def put(base: AnyRef, offset: Long, length: Int, index: Int): Unit = {
    val next = filled + length
    if (next > capacity) grow(next)
    Platform.copyMemory(base, offset, null, data + filled, length.toLong)
    filled = next
    Platform.putInt(null, offsets + 4L * (index + 1), next.toInt)
  }

  private def grow(needed: Long): Unit = {
    if (needed > Int.MaxValue)
      throw new IllegalStateException(
        s"""Column "${vector.getName}" has $needed bytes in one batch, and an Arrow column """ +
          s"of its type has room for ${Int.MaxValue}. Split the value."
      )
    vector.reallocDataBuffer(needed.max(2 * capacity).min(Int.MaxValue.toLong))
    refresh()
  }

  private def refresh(): Unit = {
    data = vector.getDataBuffer.memoryAddress
    capacity = vector.getDataBuffer.capacity
  }

  override def fitting(column: ColumnVector, from: Int, rows: Int, room: Long): Int = {
    var count = 0
    var used = 0L
    while (count < rows && used <= room) {
      val row = from + count
      if (!column.isNullAt(row))
        used += (if (isText) column.getUTF8String(row).numBytes else column.getBinary(row).length)
      count += 1
    }
    if (used <= room) count else count - 1
  }

  override def bytes(rows: Int): Long = filled + 4L * (rows + 1) + validity.bytes(rows)

  override def end(rows: Int): Unit = {
    vector.setLastSet(rows - 1)
    vector.setValueCount(rows)
  }
}

private[rayonspark] object BytesColumn {

  /** Assumed size of a value in bytes, before any is known. */
  private val assumedBytes = 16L
}
