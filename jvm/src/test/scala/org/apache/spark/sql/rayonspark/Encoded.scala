package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.ipc.ArrowStreamReader
import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.catalyst.CatalystTypeConverters
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.ArrowUtils
import org.apache.spark.sql.vectorized.{ArrowColumnVector, ColumnVector, ColumnarBatch}

import java.io.{ByteArrayInputStream, ByteArrayOutputStream}
import java.nio.channels.Channels
import java.util.concurrent.atomic.AtomicInteger
import scala.collection.JavaConverters._

/**
 * A DataFrame as the encoder writes it, with one stream for each partition. Arrow's own reader
 * reads it back.
 *
 * @param sources
 *   class names of the readers of the rows
 */
final case class Encoded(schema: StructType, streams: Seq[Array[Byte]], sources: Set[String]) {

  /** The rows in Spark's order, as users of Spark see them. */
  def rows: Seq[Row] = batches.flatten

  def batchSizes: Seq[Int] = batches.map(_.size)

  private lazy val batches: Seq[Seq[Row]] = streams.flatMap { bytes =>
    val allocator = ArrowUtils.rootAllocator.newChildAllocator("test", 0, Long.MaxValue)
    val reader = new ArrowStreamReader(new ByteArrayInputStream(bytes), allocator)
    val toScala = CatalystTypeConverters.createToScalaConverter(schema)
    try {
      val root = reader.getVectorSchemaRoot
      Iterator
        .continually(reader.loadNextBatch())
        .takeWhile(identity)
        .map { _ =>
          val columns =
            root.getFieldVectors.asScala.map(new ArrowColumnVector(_): ColumnVector).toArray
          val batch = new ColumnarBatch(columns, root.getRowCount)
          batch.rowIterator.asScala.map(row => toScala(row).asInstanceOf[Row]).toVector
        }
        .toVector
    } finally {
      reader.close()
      allocator.close()
    }
  }
}

object Encoded {
  private val count = new AtomicInteger

  def of(
      frame: DataFrame,
      batchBytes: Long = 1L << 20,
      rowsPerFill: Long = Long.MaxValue,
      skip: Long = 0
  ): Encoded = {
    val arrow = new ArrowFrame(frame, None, perSlot = 8)
    val (schema, zone) = (frame.schema, arrow.timeZone)
    val parts = arrow.run("test", s"test-${count.incrementAndGet()}") { rows =>
      rows
        .mapPartitions(_.map { part =>
          (part.getClass.getSimpleName, encode(part, schema, zone, batchBytes, rowsPerFill, skip))
        })
        .collect()
        .toSeq
    }
    Encoded(schema, parts.map(_._2), parts.map(_._1).toSet)
  }

  private def encode(
      rows: ArrowRows,
      schema: StructType,
      timeZone: String,
      batchBytes: Long,
      rowsPerFill: Long,
      skip: Long
  ): Array[Byte] = {
    val bytes = new ByteArrayOutputStream
    val encoder = new ArrowEncoder(schema, timeZone, batchBytes)
    try {
      encoder.begin(Channels.newChannel(bytes))
      rows.drop(skip)
      while (rows.hasNext) {
        encoder.fill(rows, rowsPerFill)
        encoder.write()
      }
      encoder.end()
    } finally encoder.close()
    bytes.toByteArray
  }
}
