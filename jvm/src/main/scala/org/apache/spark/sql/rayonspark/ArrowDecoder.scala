package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.ipc.{ArrowStreamReader, ReadChannel}
import org.apache.arrow.vector.ipc.message.MessageSerializer
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.ArrowUtils
import org.apache.spark.sql.vectorized.{ArrowColumnVector, ColumnVector, ColumnarBatch}

import java.io.ByteArrayInputStream
import java.nio.channels.{Channels, ReadableByteChannel}
import scala.collection.JavaConverters._
import scala.util.Try

/**
 * Reads the record batches of an Arrow IPC stream as Spark's columnar batches.
 *
 * @param columns
 *   indices of the stream's columns to read, in this order
 */
final class ArrowDecoder(channel: ReadableByteChannel, columns: Array[Int]) extends AutoCloseable {
  private val allocator =
    ArrowUtils.rootAllocator.newChildAllocator("rayonspark", 0, Long.MaxValue)
  private val reader = new ArrowStreamReader(channel, allocator)
  private val root = reader.getVectorSchemaRoot
  private val vectors: Array[ColumnVector] = columns.map { i =>
    val vector = root.getVector(i)
    BufferColumn.of(vector).getOrElse(new ArrowColumnVector(vector))
  }

  /** The batch that [[next]] loads; always the same object. */
  val batch: ColumnarBatch = new ColumnarBatch(vectors)

  /** Loads the next batch; false when there is none. */
  def next(): Boolean = {
    val loaded = reader.loadNextBatch()
    vectors.foreach {
      case column: BufferColumn => column.load()
      case _ => ()
    }
    batch.setNumRows(root.getRowCount)
    loaded
  }

  override def close(): Unit = {
    reader.close()
    allocator.close()
  }
}

object ArrowDecoder {

  /**
   * Converts an Arrow schema, as an IPC message, to Spark's.
   *
   * @return
   *   left: name and Arrow type of the first column that has no equivalent in this Spark
   */
  def sparkSchema(message: Array[Byte]): Either[(String, String), StructType] = {
    val channel = new ReadChannel(Channels.newChannel(new ByteArrayInputStream(message)))
    val fields = MessageSerializer.deserializeSchema(channel).getFields.asScala.toVector
    fields.foldLeft[Either[(String, String), StructType]](Right(new StructType)) { (known, field) =>
      known.flatMap { before =>
        Try(ArrowUtils.fromArrowField(field)).toEither.left
          .map(_ => field.getName -> field.getType.toString)
          .map(dataType => before.add(field.getName, dataType, field.isNullable))
      }
    }
  }
}
