package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector._
import org.apache.spark.sql.vectorized.ArrowColumnVector
import org.apache.spark.unsafe.Platform
import org.apache.spark.unsafe.types.UTF8String

/**
 * A column of the current batch, read directly from the buffers of its Arrow vector. Spark's own
 * class checks the bounds of a buffer for each value, which takes longer than the work on the
 * value.
 */
private[rayonspark] sealed abstract class BufferColumn(vector: FieldVector)
    extends ArrowColumnVector(vector) {
  private var nulls = 0
  private var validity = 0L

  /** Reads the addresses of the buffers; called after each load, which replaces them. */
  def load(): Unit = {
    nulls = vector.getNullCount
    validity = vector.getValidityBuffer.memoryAddress
  }

  final override def hasNull: Boolean = nulls > 0
  final override def numNulls: Int = nulls

  final override def isNullAt(row: Int): Boolean =
    nulls > 0 && (Platform.getByte(null, validity + (row >> 3)) & (1 << (row & 7))) == 0
}

private[rayonspark] object BufferColumn {

  /** Returns None if the vector's bytes are not in the form that Spark reads. */
  def of(vector: FieldVector): Option[BufferColumn] = vector match {
    case _: TinyIntVector | _: SmallIntVector | _: IntVector | _: BigIntVector | _: Float4Vector |
        _: Float8Vector | _: DateDayVector | _: TimeStampMicroVector | _: TimeStampMicroTZVector =>
      Some(new Fixed(vector))
    case text: VarCharVector => Some(new Text(text))
    case _ => None
  }

  private final class Fixed(vector: FieldVector) extends BufferColumn(vector) {
    private var data = 0L

    override def load(): Unit = {
      super.load()
      data = vector.getDataBuffer.memoryAddress
    }

    override def getByte(row: Int): Byte = Platform.getByte(null, data + row)
    override def getShort(row: Int): Short = Platform.getShort(null, data + 2L * row)
    override def getInt(row: Int): Int = Platform.getInt(null, data + 4L * row)
    override def getLong(row: Int): Long = Platform.getLong(null, data + 8L * row)
    override def getFloat(row: Int): Float = Platform.getFloat(null, data + 4L * row)
    override def getDouble(row: Int): Double = Platform.getDouble(null, data + 8L * row)
  }

  private final class Text(vector: VarCharVector) extends BufferColumn(vector) {
    private var offsets = 0L
    private var data = 0L

    override def load(): Unit = {
      super.load()
      offsets = vector.getOffsetBuffer.memoryAddress
      data = vector.getDataBuffer.memoryAddress
    }

    override def getUTF8String(row: Int): UTF8String =
      if (isNullAt(row)) null
      else {
        val from = Platform.getInt(null, offsets + 4L * row)
        val until = Platform.getInt(null, offsets + 4L * row + 4)
        UTF8String.fromAddress(null, data + from, until - from)
      }
  }
}
