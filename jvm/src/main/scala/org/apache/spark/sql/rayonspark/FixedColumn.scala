package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.BaseFixedWidthVector
import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.execution.vectorized.OffHeapColumnVector
import org.apache.spark.sql.vectorized.ColumnVector
import org.apache.spark.unsafe.Platform

/** Writes numbers, dates and times, which have the same bytes in Spark and Arrow. */
private[rayonspark] sealed abstract class FixedColumn(
    vector: BaseFixedWidthVector,
    nullable: Boolean
) extends ColumnWriter {
  private val width = vector.getTypeWidth.toLong
  private val validity = new Validity(vector)
  private var data = 0L

  protected def put(row: UnsafeRow, ordinal: Int, at: Long): Unit

  /** Returns the values as a Java array, and the offset of its first element. */
  protected def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int)

  final override def begin(rows: Int): Unit = {
    if (vector.getValueCapacity < rows) vector.allocateNew(rows)
    data = vector.getDataBuffer.memoryAddress
    validity.begin(rows)
  }

  final override def write(row: UnsafeRow, ordinal: Int, index: Int): Unit =
    if (nullable && row.isNullAt(ordinal)) validity.putNull(index)
    else put(row, ordinal, data + index * width)

  final override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit = {
    column match {
      case memory: OffHeapColumnVector if !memory.hasDictionary =>
        val start = memory.valuesNativeAddress + from * width
        Platform.copyMemory(null, start, null, data + index * width, rows * width)
      case _ =>
        val (values, offset) = array(column, from, rows)
        Platform.copyMemory(values, offset.toLong, null, data + index * width, rows * width)
    }
    validity.copy(column, from, rows, index)
  }

  final override def fitting(column: ColumnVector, from: Int, rows: Int, room: Long): Int =
    rows.toLong.min(room / width).toInt

  final override def bytes(rows: Int): Long = rows * width + validity.bytes(rows)

  final override def end(rows: Int): Unit = vector.setValueCount(rows)
}

private[rayonspark] object FixedColumn {

  final class Bytes(vector: BaseFixedWidthVector, nullable: Boolean)
      extends FixedColumn(vector, nullable) {
    override protected def put(row: UnsafeRow, ordinal: Int, at: Long): Unit =
      Platform.putByte(null, at, row.getByte(ordinal))

    override protected def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
      (column.getBytes(from, rows), Platform.BYTE_ARRAY_OFFSET)
  }

  final class Shorts(vector: BaseFixedWidthVector, nullable: Boolean)
      extends FixedColumn(vector, nullable) {
    override protected def put(row: UnsafeRow, ordinal: Int, at: Long): Unit =
      Platform.putShort(null, at, row.getShort(ordinal))

    override protected def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
      (column.getShorts(from, rows), Platform.SHORT_ARRAY_OFFSET)
  }

  final class Ints(vector: BaseFixedWidthVector, nullable: Boolean)
      extends FixedColumn(vector, nullable) {
    override protected def put(row: UnsafeRow, ordinal: Int, at: Long): Unit =
      Platform.putInt(null, at, row.getInt(ordinal))

    override protected def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
      (column.getInts(from, rows), Platform.INT_ARRAY_OFFSET)
  }

  final class Longs(vector: BaseFixedWidthVector, nullable: Boolean)
      extends FixedColumn(vector, nullable) {
    override protected def put(row: UnsafeRow, ordinal: Int, at: Long): Unit =
      Platform.putLong(null, at, row.getLong(ordinal))

    override protected def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
      (column.getLongs(from, rows), Platform.LONG_ARRAY_OFFSET)
  }

  final class Floats(vector: BaseFixedWidthVector, nullable: Boolean)
      extends FixedColumn(vector, nullable) {
    override protected def put(row: UnsafeRow, ordinal: Int, at: Long): Unit =
      Platform.putFloat(null, at, row.getFloat(ordinal))

    override protected def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
      (column.getFloats(from, rows), Platform.FLOAT_ARRAY_OFFSET)
  }

  final class Doubles(vector: BaseFixedWidthVector, nullable: Boolean)
      extends FixedColumn(vector, nullable) {
    override protected def put(row: UnsafeRow, ordinal: Int, at: Long): Unit =
      Platform.putDouble(null, at, row.getDouble(ordinal))

    override protected def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
      (column.getDoubles(from, rows), Platform.DOUBLE_ARRAY_OFFSET)
  }
}
