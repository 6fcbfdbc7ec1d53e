package org.rayonspark.data.source

import org.apache.spark.TaskContext
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.connector.read.{InputPartition, PartitionReader, PartitionReaderFactory}
import org.apache.spark.sql.rayonspark.ArrowDecoder
import org.apache.spark.sql.vectorized.ColumnarBatch
import org.rayonspark.data.ImportClient

/**
 * Creates the readers of a scan on the executors.
 *
 * @param columns
 *   indices of the block's columns to read, in this order
 */
final class RayReaderFactory(columns: Array[Int]) extends PartitionReaderFactory {
  override def supportColumnarReads(partition: InputPartition): Boolean = true

  override def createReader(partition: InputPartition): PartitionReader[InternalRow] =
    throw new UnsupportedOperationException("Ray's blocks are read by column, not by row")

  override def createColumnarReader(partition: InputPartition): PartitionReader[ColumnarBatch] =
    partition match {
      case ray: RayPartition => new RayReader(ray, columns)
      case other =>
        throw new IllegalArgumentException(s"$other is not a partition of a Ray Dataset")
    }
}

/** Reads one block, an Arrow IPC stream in staging. */
final class RayReader(partition: RayPartition, columns: Array[Int])
    extends PartitionReader[ColumnarBatch] {
  private val driver = new ImportClient(
    SparkRpc.ofThisApplication(),
    partition.endpoint,
    SparkExecutor.id,
    () => Option(TaskContext.get()).exists(_.isInterrupted())
  )
  private val block = driver.fetch(partition.block)
  private val decoder = new ArrowDecoder(block.channel, columns)

  override def next(): Boolean = decoder.next()
  override def get(): ColumnarBatch = decoder.batch

  override def close(): Unit =
    try decoder.close()
    finally block.close()
}
