package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.{BaseFixedWidthVector, FieldVector, VectorSchemaRoot}
import org.apache.arrow.vector.ipc.ArrowStreamWriter
import org.apache.arrow.vector.types.pojo.Schema
import org.apache.spark.sql.types.{DataType, StructType}
import org.apache.spark.sql.util.ArrowUtils

import java.nio.channels.WritableByteChannel
import scala.jdk.CollectionConverters._
import scala.util.Try

/**
 * Spark's rows as Arrow record batches: one batch in memory at a time, written to a channel as a
 * part of an Arrow IPC stream. Not thread-safe.
 *
 * @param timeZone
 *   the session's, which the type of timestamps names
 * @param batchBytes
 *   what a batch should have at most; a single row may have more
 */
final class ArrowEncoder(schema: StructType, timeZone: String, batchBytes: Long)
    extends AutoCloseable {
  private val allocator =
    ArrowUtils.rootAllocator.newChildAllocator("rayonspark", 0, Long.MaxValue)
  private val root = VectorSchemaRoot.create(ArrowEncoder.arrowSchema(schema, timeZone), allocator)
  private val vectors = root.getFieldVectors.asScala.toVector
  private val columns =
    vectors.zip(schema).map { case (v, f) => ColumnWriters.of(v, f.nullable) }.toArray
  private val batchRows = ArrowEncoder.rows(vectors, batchBytes)
  private var filled = 0L
  private var stream: Option[ArrowStreamWriter] = None

  /**
   * Takes rows until the batch is full. What is full depends on the rows alone, so that the same
   * rows make the same batches again.
   *
   * @return
   *   how many rows the batch has
   */
  def fill(rows: ArrowRows, most: Long): Int = {
    val batch = new ArrowBatch(columns, most.min(batchRows.toLong).toInt, batchBytes)
    rows.fill(batch)
    batch.end()
    root.setRowCount(batch.count)
    filled = columns.iterator.map(_.bytes(batch.count)).sum
    batch.count
  }

  /** Bytes of the batch that was filled last. */
  def bytes: Long = filled

  def begin(channel: WritableByteChannel): Unit = {
    val next = new ArrowStreamWriter(root, null, channel)
    next.start()
    stream = Some(next)
  }

  /** Writes the batch that was filled last. */
  def write(): Unit = stream.foreach(_.writeBatch())

  def end(): Unit = {
    stream.foreach(_.end())
    stream = None
  }

  override def close(): Unit = {
    root.close()
    allocator.close()
  }
}

object ArrowEncoder {

  /** Large enough that what a batch costs beside its rows does not count. */
  private val mostRows = 1 << 16

  /** Of a value whose size only the rows tell. */
  private val guess = 16

  /** Room is made for all rows of a batch before the first one is seen. */
  private def rows(vectors: Vector[FieldVector], bytes: Long): Int = {
    val row = vectors.map {
      case fixed: BaseFixedWidthVector => fixed.getTypeWidth.max(1)
      case _ => guess
    }.sum
    (bytes / row).max(1L).min(mostRows.toLong).toInt
  }

  /** Whether the Spark that runs has an image of the type in Arrow. */
  def carries(dataType: DataType): Boolean = Try(ArrowUtils.toArrowType(dataType, "UTC")).isSuccess

  def arrowSchema(schema: StructType, timeZone: String): Schema =
    ArrowUtils.toArrowSchema(schema, timeZone, true, false)

  /** The Arrow schema as an IPC message. */
  def schemaMessage(schema: StructType, timeZone: String): Array[Byte] =
    arrowSchema(schema, timeZone).serializeAsMessage()
}
