package org.rayonspark.data

import org.apache.spark.TaskKilledException
import org.rayonspark.rendezvous.{Transport, Wire}

import java.util.concurrent.TimeoutException
import scala.concurrent.{Await, Future}
import scala.concurrent.duration._

/**
 * Where a task asks the driver, and waits for the answer.
 *
 * @param killed
 *   whether the task shall stop
 */
private[data] final class TaskDesk(transport: Transport, name: String, killed: () => Boolean) {
  private val driver = transport.driver(name)

  /** Waits as long as the task is wanted. */
  def ask[A](question: Serializable): A = {
    val future = send(question)
    while (!future.isCompleted) {
      stopWhenKilled()
      try { Await.ready(future, TaskDesk.cancelPoll); () }
      catch { case _: TimeoutException => () }
    }
    read(future)
  }

  /**
   * Asks what changes hands with the answer: it is heard also by a task that is killed meanwhile,
   * whom Spark may interrupt.
   */
  def settle[A](question: Serializable): A = {
    val future = send(question)
    var interrupted = false
    while (!future.isCompleted)
      try { Await.ready(future, Duration.Inf); () }
      catch { case _: InterruptedException => interrupted = true }
    if (interrupted) Thread.currentThread.interrupt()
    read(future)
  }

  private def send(question: Serializable): Future[Array[Byte]] = {
    stopWhenKilled()
    transport.ask(driver, Wire.encode(question))
  }

  private def read[A](answer: Future[Array[Byte]]): A =
    Wire.decode[A](Await.result(answer, Duration.Zero))

  /** Nobody waits for the answer: the driver may be done with all that. */
  def tell(question: Serializable): Unit = {
    transport.ask(driver, Wire.encode(question))
    ()
  }

  def stopWhenKilled(): Unit =
    if (killed()) throw new TaskKilledException("the job was cancelled")
}

private[data] object TaskDesk {

  /** Spark tells a task of its cancellation by a flag only: the task has to look at it. */
  private val cancelPoll = 100.milliseconds
}
