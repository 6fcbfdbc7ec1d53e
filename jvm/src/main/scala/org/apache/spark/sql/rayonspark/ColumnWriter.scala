package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector._
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.execution.arrow.{ArrowFieldWriter, ArrowWriter}
import org.apache.spark.sql.vectorized.{ColumnVector, ColumnarArray}
import org.apache.spark.unsafe.Platform
import org.apache.spark.unsafe.types.UTF8String

/**
 * Writes one column of a batch, value by value, straight into the buffers of an Arrow vector:
 * Spark's own field writers check the capacity of every buffer for every value, which takes most of
 * the time of an encoding.
 */
private[rayonspark] abstract class ColumnWriter {

  /** Makes room for a batch of `rows`. */
  def begin(rows: Int): Unit

  /** Writes column `ordinal` of `row` as row `index` of the batch; rows come in order. */
  def write(row: InternalRow, ordinal: Int, index: Int): Unit

  /** Writes rows `from` until `from + rows` of a column as rows `index` and following. */
  def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit

  /** Bytes of the first `rows` values. */
  def bytes(rows: Int): Long

  /** The batch has `rows` rows. */
  def end(rows: Int): Unit
}

private[rayonspark] object ColumnWriter {

  def of(vector: FieldVector, nullable: Boolean): ColumnWriter = vector match {
    case v: TinyIntVector =>
      new Fixed(v, nullable) {
        def put(row: InternalRow, ordinal: Int, at: Long): Unit =
          Platform.putByte(null, at, row.getByte(ordinal))

        def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
          (column.getBytes(from, rows), Platform.BYTE_ARRAY_OFFSET)
      }
    case v: SmallIntVector =>
      new Fixed(v, nullable) {
        def put(row: InternalRow, ordinal: Int, at: Long): Unit =
          Platform.putShort(null, at, row.getShort(ordinal))

        def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
          (column.getShorts(from, rows), Platform.SHORT_ARRAY_OFFSET)
      }
    case _: IntVector | _: DateDayVector =>
      new Fixed(vector.asInstanceOf[BaseFixedWidthVector], nullable) {
        def put(row: InternalRow, ordinal: Int, at: Long): Unit =
          Platform.putInt(null, at, row.getInt(ordinal))

        def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
          (column.getInts(from, rows), Platform.INT_ARRAY_OFFSET)
      }
    case _: BigIntVector | _: TimeStampMicroTZVector | _: TimeStampMicroVector |
        _: DurationVector =>
      new Fixed(vector.asInstanceOf[BaseFixedWidthVector], nullable) {
        def put(row: InternalRow, ordinal: Int, at: Long): Unit =
          Platform.putLong(null, at, row.getLong(ordinal))

        def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
          (column.getLongs(from, rows), Platform.LONG_ARRAY_OFFSET)
      }
    case v: Float4Vector =>
      new Fixed(v, nullable) {
        def put(row: InternalRow, ordinal: Int, at: Long): Unit =
          Platform.putFloat(null, at, row.getFloat(ordinal))

        def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
          (column.getFloats(from, rows), Platform.FLOAT_ARRAY_OFFSET)
      }
    case v: Float8Vector =>
      new Fixed(v, nullable) {
        def put(row: InternalRow, ordinal: Int, at: Long): Unit =
          Platform.putDouble(null, at, row.getDouble(ordinal))

        def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int) =
          (column.getDoubles(from, rows), Platform.DOUBLE_ARRAY_OFFSET)
      }
    case v: VarCharVector => new Text(v, nullable)
    case _ => new Other(ArrowWriter.createFieldWriter(vector))
  }

  /** Which values are there; all of them until one is not. */
  private abstract class Flat(vector: FieldVector, nullable: Boolean) extends ColumnWriter {
    private var validity = 0L

    protected def allPresent(rows: Int): Unit = {
      validity = vector.getValidityBuffer.memoryAddress
      Platform.setMemory(validity, -1, (rows + 7) / 8L)
    }

    protected def isNull(row: InternalRow, ordinal: Int): Boolean =
      nullable && row.isNullAt(ordinal)

    protected def putNull(index: Int): Unit = {
      val at = validity + (index >> 3)
      Platform.putByte(null, at, (Platform.getByte(null, at) & ~(1 << (index & 7))).toByte)
    }
  }

  private abstract class Fixed(vector: BaseFixedWidthVector, nullable: Boolean)
      extends Flat(vector, nullable) {
    private val width = vector.getTypeWidth.toLong
    private var data = 0L

    def put(row: InternalRow, ordinal: Int, at: Long): Unit

    /** The values as an array of Java's, and where its elements begin. */
    def array(column: ColumnVector, from: Int, rows: Int): (AnyRef, Int)

    final override def begin(rows: Int): Unit = {
      if (vector.getValueCapacity < rows) vector.allocateNew(rows)
      data = vector.getDataBuffer.memoryAddress
      allPresent(rows)
    }

    final override def write(row: InternalRow, ordinal: Int, index: Int): Unit =
      if (isNull(row, ordinal)) putNull(index) else put(row, ordinal, data + index * width)

    final override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit = {
      val (values, offset) = array(column, from, rows)
      Platform.copyMemory(values, offset.toLong, null, data + index * width, rows * width)
      if (column.hasNull)
        (0 until rows).foreach(i => if (column.isNullAt(from + i)) putNull(index + i))
    }

    final override def bytes(rows: Int): Long = rows * width + rows / 8

    final override def end(rows: Int): Unit = vector.setValueCount(rows)
  }

  private final class Text(vector: VarCharVector, nullable: Boolean)
      extends Flat(vector, nullable) {
    private var data = 0L
    private var capacity = 0L
    private var offsets = 0L
    private var filled = 0

    override def begin(rows: Int): Unit = {
      if (vector.getValueCapacity < rows) vector.allocateNew(16L * rows, rows)
      allPresent(rows)
      offsets = vector.getOffsetBuffer.memoryAddress
      filled = 0
      Platform.putInt(null, offsets, 0)
      look()
    }

    override def write(row: InternalRow, ordinal: Int, index: Int): Unit =
      put(if (isNull(row, ordinal)) null else row.getUTF8String(ordinal), index)

    override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit =
      (0 until rows).foreach { i =>
        put(if (column.isNullAt(from + i)) null else column.getUTF8String(from + i), index + i)
      }

    private def put(text: UTF8String, index: Int): Unit = {
      if (text == null) putNull(index)
      else {
        val length = text.numBytes
        if (filled + length.toLong > capacity) grow(filled + length.toLong)
        text.writeToMemory(null, data + filled)
        filled += length
      }
      Platform.putInt(null, offsets + 4L * (index + 1), filled)
    }

    private def grow(needed: Long): Unit = {
      // The offsets are the vector's, and its data is copied as far as they say.
      vector.reallocDataBuffer(math.max(needed, 2 * capacity))
      look()
    }

    private def look(): Unit = {
      data = vector.getDataBuffer.memoryAddress
      capacity = vector.getDataBuffer.capacity
    }

    override def bytes(rows: Int): Long = filled + 4L * (rows + 1) + rows / 8

    override def end(rows: Int): Unit = {
      vector.setLastSet(rows - 1)
      vector.setValueCount(rows)
    }
  }

  /** Everything else as Spark writes it. */
  private final class Other(writer: ArrowFieldWriter) extends ColumnWriter {
    override def begin(rows: Int): Unit = writer.reset()
    override def write(row: InternalRow, ordinal: Int, index: Int): Unit =
      writer.write(row, ordinal)
    override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit = {
      val values = new ColumnarArray(column, from, rows)
      (0 until rows).foreach(writer.write(values, _))
    }
    override def bytes(rows: Int): Long = writer.getSizeInBytes().toLong
    override def end(rows: Int): Unit = writer.finish()
  }
}
