package org.rayonspark.data.source

import org.apache.spark.{TaskContext, TaskKilledException}
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.connector.read.{InputPartition, PartitionReader, PartitionReaderFactory}
import org.apache.spark.sql.rayonspark.ArrowDecoder
import org.apache.spark.sql.vectorized.ColumnarBatch
import org.rayonspark.ExchangeException
import org.rayonspark.data.{ImportAnswer, ImportQuestion}
import org.rayonspark.rendezvous.Wire

import java.nio.channels.FileChannel
import java.nio.file.{NoSuchFileException, Path, Paths, StandardOpenOption}
import scala.annotation.tailrec
import scala.concurrent.Await
import scala.concurrent.duration._

/**
 * @param columns
 *   which of the block's columns are wanted, in their order
 */
final class RayReaderFactory(columns: Array[Int]) extends PartitionReaderFactory {
  override def supportColumnarReads(partition: InputPartition): Boolean = true

  override def createReader(partition: InputPartition): PartitionReader[InternalRow] =
    throw new UnsupportedOperationException("Ray's blocks are read by column")

  override def createColumnarReader(partition: InputPartition): PartitionReader[ColumnarBatch] =
    partition match {
      case ray: RayPartition => new RayReader(ray, columns)
      case other => throw new IllegalArgumentException(s"$other is not of this source")
    }
}

/** Reads one block, an Arrow IPC stream beside this executor. */
final class RayReader(partition: RayPartition, columns: Array[Int])
    extends PartitionReader[ColumnarBatch] {
  private val transport = SparkRpc.ofThisApplication()
  private val driver = transport.driver(partition.desk)
  private val (path, channel) = open(None)
  private val decoder = new ArrowDecoder(channel, columns)

  override def next(): Boolean = decoder.next()
  override def get(): ColumnarBatch = decoder.batch

  override def close(): Unit =
    try decoder.close()
    finally {
      channel.close()
      transport.ask(driver, Wire.encode(ImportQuestion.Done(partition.block, path.toString)))
      ()
    }

  @tailrec
  private def open(missing: Option[String]): (Path, FileChannel) = {
    val path = Paths.get(fetch(missing))
    val opened =
      try Some(FileChannel.open(path, StandardOpenOption.READ))
      catch { case _: NoSuchFileException => None }
    opened match {
      case Some(file) => (path, file)
      case None => open(Some(path.toString))
    }
  }

  private def fetch(missing: Option[String]): String = {
    val question = ImportQuestion.Fetch(partition.block, SparkExecutor.id, missing)
    val asked = transport.ask(driver, Wire.encode(question))
    while (!asked.isCompleted) {
      RayReader.stopWhenKilled()
      try { Await.ready(asked, RayReader.cancelPoll); () }
      catch { case _: java.util.concurrent.TimeoutException => () }
    }
    Wire.decode[ImportAnswer](Await.result(asked, Duration.Zero)) match {
      case ImportAnswer.At(path) => path
      case ImportAnswer.Refused(why) => throw new ExchangeException(why)
      case ImportAnswer.Noted => throw new IllegalStateException("a fetch is never just noted")
    }
  }
}

object RayReader {

  /** Spark tells a task of its cancellation by a flag only: the task has to look at it. */
  private val cancelPoll = 100.milliseconds

  private def stopWhenKilled(): Unit =
    if (Option(TaskContext.get()).exists(_.isInterrupted()))
      throw new TaskKilledException("the job was cancelled")
}
