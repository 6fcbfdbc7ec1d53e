package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.VectorSchemaRoot
import org.apache.arrow.vector.ipc.ArrowStreamWriter
import org.apache.arrow.vector.types.pojo.Schema
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.ArrowUtils

import java.nio.channels.WritableByteChannel
import scala.jdk.CollectionConverters._

/**
 * Spark's rows as Arrow record batches: one batch in memory at a time, written to a channel as a
 * part of an Arrow IPC stream. Not thread-safe.
 *
 * @param timeZone
 *   the session's, which the type of timestamps names
 */
final class ArrowEncoder(schema: StructType, timeZone: String) extends AutoCloseable {
  private val allocator =
    ArrowUtils.rootAllocator.newChildAllocator("rayonspark", 0, Long.MaxValue)
  private val root = VectorSchemaRoot.create(ArrowEncoder.arrowSchema(schema, timeZone), allocator)
  private val columns: Array[ColumnWriter] =
    root.getFieldVectors.asScala
      .zip(schema)
      .map { case (v, f) => ColumnWriter.of(v, f.nullable) }
      .toArray
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
    val limit = math.min(most, ArrowEncoder.batchRows.toLong).toInt
    columns.foreach(_.begin(limit))
    var count = 0
    var room = 1
    while (room > 0 && rows.hasNext) {
      count += rows.take(math.min(room, limit - count), columns, count)
      filled = columns.iterator.map(_.bytes(count)).sum
      // It doubles, as long as there is room for what the rows so far have on average.
      val rest = (ArrowEncoder.batchBytes - filled) * count / filled.max(1L)
      room = math.min(math.min(rest, count.toLong), (limit - count).toLong).toInt
    }
    columns.foreach(_.end(count))
    root.setRowCount(count)
    count
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
  private val batchRows = 1 << 16
  private val batchBytes = 16L << 20

  def arrowSchema(schema: StructType, timeZone: String): Schema =
    ArrowUtils.toArrowSchema(schema, timeZone, true, false)

  /** The Arrow schema as an IPC message. */
  def schemaMessage(schema: StructType, timeZone: String): Array[Byte] =
    arrowSchema(schema, timeZone).serializeAsMessage()
}
