package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.{BaseFixedWidthVector, FieldVector, VectorSchemaRoot}
import org.apache.arrow.vector.ipc.{ArrowStreamWriter, WriteChannel}
import org.apache.arrow.vector.ipc.message.MessageSerializer
import org.apache.arrow.vector.types.pojo.Schema
import org.apache.spark.sql.types.{DataType, StructType}
import org.apache.spark.sql.util.ArrowUtils

import java.io.ByteArrayOutputStream
import java.nio.channels.{Channels, WritableByteChannel}
import scala.collection.JavaConverters._
import scala.util.Try

/**
 * Encodes Spark's rows as Arrow record batches. It holds one batch in memory at a time, and writes
 * it to a channel as part of an Arrow IPC stream. Not thread-safe.
 *
 * @param timeZone
 *   the session's time zone, which the Arrow type of timestamps names
 * @param batchBytes
 *   intended maximum size of a batch; a single row may exceed it
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
   * Reads up to `maxRows` rows until the batch is full. That depends on the rows alone, so that the
   * same rows make the same batches again.
   *
   * @return
   *   number of rows in the batch
   */
  def fill(rows: ArrowRows, maxRows: Long): Int = {
    val batch = new ArrowBatch(columns, maxRows.min(batchRows.toLong).toInt, batchBytes)
    rows.fill(batch)
    batch.end()
    root.setRowCount(batch.count)
    filled = columns.iterator.map(_.bytes(batch.count)).sum
    batch.count
  }

  /** Returns the size in bytes of the batch that was filled last. */
  def bytes: Long = filled

  /** Starts a stream on the channel. */
  def begin(channel: WritableByteChannel): Unit = {
    val next = new ArrowStreamWriter(root, null, channel)
    next.start()
    stream = Some(next)
  }

  /** Writes the batch that was filled last. */
  def write(): Unit = stream.foreach(_.writeBatch())

  /** Ends the stream. */
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

  /** Large enough to make the fixed cost of a batch negligible. */
  private val maxBatchRows = 1 << 16

  /** Assumed size, in bytes, of a value of variable width. */
  private val assumedWidth = 16

  /** Returns how many rows to allocate memory for, before the first one is known. */
  private def rows(vectors: Vector[FieldVector], bytes: Long): Int = {
    val row = vectors.map {
      case fixed: BaseFixedWidthVector => fixed.getTypeWidth.max(1)
      case _ => assumedWidth
    }.sum
    (bytes / row).max(1L).min(maxBatchRows.toLong).toInt
  }

  /** Whether the type has an Arrow equivalent in this Spark. */
  def supports(dataType: DataType): Boolean = Try(ArrowUtils.toArrowType(dataType, "UTC")).isSuccess

  def arrowSchema(schema: StructType, timeZone: String): Schema =
    ArrowUtils.toArrowSchema(schema, timeZone, true, false)

  /** Returns the Arrow schema as an IPC message. */
  def schemaMessage(schema: StructType, timeZone: String): Array[Byte] = {
    val message = new ByteArrayOutputStream
    MessageSerializer.serialize(
      new WriteChannel(Channels.newChannel(message)),
      arrowSchema(schema, timeZone)
    )
    message.toByteArray
  }
}
