package org.rayonspark.data

import org.apache.spark.TaskKilledException
import org.rayonspark.rendezvous.{Transport, Wire}

import java.util.concurrent.TimeoutException
import scala.concurrent.Await
import scala.concurrent.duration._

/**
 * The driver's end of an export, as a task sees it.
 *
 * @param killed
 *   whether the task shall stop
 */
private[data] final class ExportDesk(transport: Transport, name: String, killed: () => Boolean) {
  private val driver = transport.driver(name)

  def begin(partition: Int): ExportAnswer.Known =
    ask(ExportQuestion.Begin(partition)) { case known: ExportAnswer.Known => known }

  /** Waits until there is room for a block, and gives the directory for it. */
  def reserve(claim: Claim): String =
    ask(ExportQuestion.Reserve(claim)) { case ExportAnswer.Granted(directory) => directory }

  /** False when another attempt was quicker. */
  def written(claim: Claim, path: String, rows: Long, bytes: Long, last: Boolean): Boolean =
    ask(ExportQuestion.Written(claim, path, rows, bytes, last)) { case ExportAnswer.Kept(kept) =>
      kept
    }

  /** Nobody waits for the answer: the export may be over. */
  def gaveUp(claim: Claim): Unit = {
    transport.ask(driver, Wire.encode(ExportQuestion.GaveUp(claim)))
    ()
  }

  def stopWhenKilled(): Unit =
    if (killed()) throw new TaskKilledException("the job was cancelled")

  private def ask[A](question: ExportQuestion)(read: PartialFunction[ExportAnswer, A]): A = {
    val future = transport.ask(driver, Wire.encode(question))
    while (!future.isCompleted) {
      stopWhenKilled()
      try { Await.ready(future, ExportDesk.cancelPoll); () }
      catch { case _: TimeoutException => () }
    }
    val answer = Wire.decode[ExportAnswer](Await.result(future, Duration.Zero))
    read.applyOrElse(
      answer,
      (other: ExportAnswer) =>
        throw new IllegalStateException(other match {
          case ExportAnswer.Refused(why) => why
          case strange => s"The driver answered $strange to $question"
        })
    )
  }
}

private[data] object ExportDesk {

  /** Spark tells a task of its cancellation by a flag only: the task has to look at it. */
  private val cancelPoll = 100.milliseconds
}
