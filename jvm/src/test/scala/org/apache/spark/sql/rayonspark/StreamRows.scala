package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.BigIntVector
import org.apache.arrow.vector.ipc.ArrowStreamReader
import org.apache.spark.sql.util.ArrowUtils

import java.io.ByteArrayInputStream

/** Reads an Arrow IPC stream with Arrow's own reader. */
object StreamRows {

  /** Returns the values of its first column. */
  def longs(bytes: Array[Byte]): Vector[Long] = {
    val allocator = ArrowUtils.rootAllocator.newChildAllocator("test", 0, Long.MaxValue)
    val reader = new ArrowStreamReader(new ByteArrayInputStream(bytes), allocator)
    try {
      val root = reader.getVectorSchemaRoot
      Iterator
        .continually(reader.loadNextBatch())
        .takeWhile(identity)
        .flatMap { _ =>
          val ids = root.getVector(0).asInstanceOf[BigIntVector]
          (0 until root.getRowCount).map(ids.get)
        }
        .toVector
    } finally {
      reader.close()
      allocator.close()
    }
  }
}
