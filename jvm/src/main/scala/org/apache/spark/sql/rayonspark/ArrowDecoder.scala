package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.ipc.ArrowStreamReader
import org.apache.arrow.vector.types.pojo.Schema
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.ArrowUtils
import org.apache.spark.sql.vectorized.{ArrowColumnVector, ColumnVector, ColumnarBatch}

import java.nio.ByteBuffer
import java.nio.channels.ReadableByteChannel
import scala.jdk.CollectionConverters._
import scala.util.Try

/**
 * Record batches of an Arrow IPC stream as Spark reads them.
 *
 * @param columns
 *   which of the stream's columns are wanted, in their order
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

  val batch: ColumnarBatch = new ColumnarBatch(vectors)

  /** Loads the next batch that has rows; false when there is none. */
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
   * Spark's schema of an Arrow schema in an IPC message.
   *
   * @return
   *   left: the first column that the Spark that runs has no type for, and its Arrow type
   */
  def sparkSchema(message: Array[Byte]): Either[(String, String), StructType] = {
    val fields = Schema.deserializeMessage(ByteBuffer.wrap(message)).getFields.asScala.toVector
    fields.foldLeft[Either[(String, String), StructType]](Right(new StructType)) { (known, field) =>
      known.flatMap { before =>
        Try(ArrowUtils.fromArrowField(field)).toEither.left
          .map(_ => field.getName -> field.getType.toString)
          .map(dataType => before.add(field.getName, dataType, field.isNullable))
      }
    }
  }
}
