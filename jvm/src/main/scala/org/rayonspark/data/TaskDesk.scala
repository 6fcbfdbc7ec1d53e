package org.rayonspark.data

import org.apache.spark.TaskKilledException
import org.rayonspark.rendezvous.{Transport, Wire}

import java.util.concurrent.TimeoutException
import scala.concurrent.Await
import scala.concurrent.duration._

/**
 * Where a task asks the driver, and waits for the answer as long as it is wanted.
 *
 * @param killed
 *   whether the task shall stop
 */
private[data] final class TaskDesk(transport: Transport, name: String, killed: () => Boolean) {
  private val driver = transport.driver(name)

  def ask[A](question: Serializable): A = {
    val future = transport.ask(driver, Wire.encode(question))
    while (!future.isCompleted) {
      stopWhenKilled()
      try { Await.ready(future, TaskDesk.cancelPoll); () }
      catch { case _: TimeoutException => () }
    }
    Wire.decode[A](Await.result(future, Duration.Zero))
  }

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
