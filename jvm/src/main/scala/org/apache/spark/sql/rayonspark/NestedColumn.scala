package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.FieldVector
import org.apache.spark.sql.catalyst.expressions.UnsafeRow
import org.apache.spark.sql.execution.arrow.ArrowWriter
import org.apache.spark.sql.vectorized.{ColumnVector, ColumnarArray}

/** Writes arrays, maps, structs and all other types with Spark's own field writers. */
private[rayonspark] final class NestedColumn(vector: FieldVector) extends ColumnWriter {
  private val writer = {
    vector.allocateNew()
    ArrowWriter.createFieldWriter(vector)
  }

  override def begin(rows: Int): Unit = writer.reset()

  override def write(row: UnsafeRow, ordinal: Int, index: Int): Unit = writer.write(row, ordinal)

  override def copy(column: ColumnVector, from: Int, rows: Int, index: Int): Unit = {
    val values = new ColumnarArray(column, from, rows)
    var i = 0
    while (i < rows) {
      writer.write(values, i)
      i += 1
    }
  }

  /** The size is unknown before the values are written, so only a few rows are added at once. */
  override def fitting(column: ColumnVector, from: Int, rows: Int, room: Long): Int =
    rows.min(NestedColumn.fewRows)

  override def bytes(rows: Int): Long = {
    // The size is computed from the offsets, which are complete only up to the value count.
    vector.setValueCount(rows)
    vector.getBufferSizeFor(rows).toLong
  }

  override def end(rows: Int): Unit = writer.finish()
}

private[rayonspark] object NestedColumn {
  private val fewRows = 64
}
