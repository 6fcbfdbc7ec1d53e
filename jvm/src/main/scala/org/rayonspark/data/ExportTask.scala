package org.rayonspark.data

import org.apache.spark.{TaskContext, TaskKilledException}
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc}
import org.apache.spark.sql.rayonspark.{ArrowEncoder, ArrowRows}
import org.apache.spark.sql.types.StructType
import org.rayonspark.rendezvous.{Transport, Wire}

import java.nio.channels.FileChannel
import java.nio.file.{Files, Path, Paths, StandardCopyOption, StandardOpenOption}
import scala.concurrent.Await
import scala.concurrent.duration._
import scala.util.Using

/**
 * Encodes one partition into blocks beside the executor's own Ray node.
 *
 * {{{
 *   rows ──batches──► file.tmp ──rename──► file
 *    Begin, Reserve ──► driver   (answers when there is room)
 *    Written ─────────► driver   (hands it on)
 * }}}
 *
 * @param desk
 *   name under which the driver answers
 * @param blockBytes
 *   a block is full when it has as many; it depends on the rows alone
 * @param claimBytes
 *   what is asked for a block whose size is not yet known
 */
final case class ExportTask(
    desk: String,
    schema: StructType,
    timeZone: String,
    blockRows: Long,
    blockBytes: Long,
    claimBytes: Long
) {

  def run(context: TaskContext, rows: ArrowRows): Unit =
    new ExportTask.Attempt(this, context, SparkRpc.ofThisApplication(), rows).run()
}

object ExportTask {

  /** Spark tells a task of its cancellation by a flag only: the task has to look at it. */
  private val cancelPoll = 100.milliseconds

  private final class Attempt(
      task: ExportTask,
      context: TaskContext,
      transport: Transport,
      rows: ArrowRows
  ) {
    private val driver = transport.driver(task.desk)
    private val executorId = SparkExecutor.id
    private val partition = context.partitionId()
    private val encoder = new ArrowEncoder(task.schema, task.timeZone, 16L << 20)
    private var unfinished: Option[Path] = None
    context.addTaskCompletionListener[Unit] { _ =>
      encoder.close()
      unfinished.foreach(Files.deleteIfExists)
    }

    def run(): Unit = ask[ExportAnswer.Known](ExportQuestion.Begin(partition)) match {
      case ExportAnswer.Known(blocks, whole) =>
        blocks.zipWithIndex.foreach { case (block, sequence) =>
          if (block.wanted) write(sequence, block.rows) else rows.drop(block.rows)
        }
        if (!whole) {
          val count = Iterator
            .from(blocks.size)
            .takeWhile(_ => rows.hasNext)
            .map(write(_, task.blockRows))
            .size
          ask[ExportAnswer.Kept](ExportQuestion.Ended(partition, blocks.size + count))
        }
    }

    /** The first batch is made before the driver is asked: a short partition is its last one. */
    private def write(sequence: Int, most: Long): Unit = {
      var count = encoder.fill(rows, most).toLong
      val last = count == most || encoder.bytes >= task.blockBytes || !rows.hasNext
      val claim = Claim(
        executorId,
        partition,
        sequence,
        context.taskAttemptId(),
        if (last) encoder.bytes else task.claimBytes
      )
      val granted = ask[ExportAnswer.Granted](ExportQuestion.Reserve(claim))
      val name = s"$partition-$sequence-${claim.attempt}"
      val path = Paths.get(granted.directory, s"$name.arrow")
      val draft = Paths.get(granted.directory, s"$name.tmp")
      unfinished = Some(draft)
      try {
        Files.createDirectories(draft.getParent)
        Using.resource(open(draft)) { channel =>
          encoder.begin(channel)
          encoder.write()
          while (count < most && channel.size < task.blockBytes && rows.hasNext) {
            stopWhenKilled()
            count += encoder.fill(rows, most - count)
            encoder.write()
          }
          encoder.end()
        }
        Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE)
      } catch {
        case e: Throwable =>
          tell(ExportQuestion.GaveUp(claim))
          throw e
      }
      unfinished = Some(path)
      val written = ExportQuestion.Written(claim, path.toString, count, Files.size(path))
      if (!ask[ExportAnswer.Kept](written).kept) Files.deleteIfExists(path)
      unfinished = None
    }

    /** A mapped write into a full /dev/shm would kill this JVM; this is an error. */
    private def open(path: Path): FileChannel =
      FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)

    private def ask[A <: ExportAnswer](question: ExportQuestion): A = {
      val future = transport.ask(driver, Wire.encode(question))
      while (!future.isCompleted) {
        stopWhenKilled()
        try { Await.ready(future, cancelPoll); () }
        catch { case _: java.util.concurrent.TimeoutException => () }
      }
      Wire.decode[ExportAnswer](Await.result(future, Duration.Zero)) match {
        case ExportAnswer.Refused(why) => throw new TaskKilledException(why)
        case answer => answer.asInstanceOf[A]
      }
    }

    /** Nobody waits for the answer. */
    private def tell(question: ExportQuestion): Unit = {
      transport.ask(driver, Wire.encode(question))
      ()
    }

    private def stopWhenKilled(): Unit =
      if (context.isInterrupted()) throw new TaskKilledException("the job was cancelled")
  }
}
