package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.FieldVector
import org.apache.spark.sql.vectorized.ColumnVector
import org.apache.spark.unsafe.Platform

/** Writes the validity bitmap of a batch's column, in which all values are valid at first. */
private[rayonspark] final class Validity(vector: FieldVector) {
  private var bits = 0L

  def begin(rows: Int): Unit = {
    bits = vector.getValidityBuffer.memoryAddress
    Platform.setMemory(bits, -1, (rows + 7) / 8L)
  }

  def putNull(index: Int): Unit = {
    val at = bits + (index >> 3)
    Platform.putByte(null, at, (Platform.getByte(null, at) & ~(1 << (index & 7))).toByte)
  }

  def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit =
    if (column.hasNull) {
      var i = 0
      while (i < rows) {
        if (column.isNullAt(from + i)) putNull(index + i)
        i += 1
      }
    }

  def bytes(rows: Int): Long = (rows + 7) / 8L
}
