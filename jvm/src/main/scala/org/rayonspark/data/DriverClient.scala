package org.rayonspark.data

import org.apache.spark.TaskKilledException
import org.rayonspark.ExchangeException
import org.rayonspark.rpc.{Transport, Wire}

import java.util.concurrent.TimeoutException
import scala.concurrent.{Await, Future}
import scala.concurrent.duration._
import scala.util.control.NonFatal

/**
 * Sends a task's requests to the driver and waits for the answers. It waits as long as the driver
 * serves the transfer, because memory or a block may take any time to become available.
 *
 * @param name
 *   name of the driver's endpoint
 * @param killed
 *   whether the task must stop
 * @param checkPeriod
 *   how often a waiting task checks that the driver still serves the transfer
 * @param checkLimit
 *   how long the driver may take to answer that check
 */
private[data] final class DriverClient(
    transport: Transport,
    name: String,
    killed: () => Boolean,
    checkPeriod: FiniteDuration = DriverClient.checkPeriod,
    checkLimit: FiniteDuration = DriverClient.checkLimit
) {
  private val driver = transport.driver(name)

  /**
   * Sends a request, and waits for the answer until the task is killed.
   *
   * @throws ExchangeException
   *   when the driver no longer serves the transfer, or does not answer
   * @throws TaskKilledException
   *   when the task must stop
   */
  def ask[A](request: Serializable): A = {
    val answer = send(request)
    val check = newCheck()
    while (!answer.isCompleted) {
      stopWhenKilled()
      await(answer)
      checkDriver(answer, check)
    }
    read(answer)
  }

  /**
   * Like `ask`, for a request whose answer decides who owns a file. A task that is killed while it
   * waits still receives the answer, although Spark may interrupt it; the interruption is restored.
   *
   * @throws ExchangeException
   *   as `ask` does
   */
  def settle[A](request: Serializable): A = {
    val answer = send(request)
    val check = newCheck()
    var interrupted = false
    try
      while (!answer.isCompleted) {
        try await(answer)
        catch { case _: InterruptedException => interrupted = true }
        checkDriver(answer, check)
      }
    finally if (interrupted) Thread.currentThread.interrupt()
    read(answer)
  }

  private def newCheck() = new DriverCheck(transport, driver, checkPeriod, checkLimit)

  private def await(answer: Future[Array[Byte]]): Unit =
    try { Await.ready(answer, DriverClient.pollPeriod); () }
    catch { case _: TimeoutException => () }

  /** Checks the driver, but not after the answer has arrived. */
  private def checkDriver(answer: Future[Array[Byte]], check: DriverCheck): Unit =
    if (!answer.isCompleted)
      try check.poll()
      catch { case e: ExchangeException => if (!answer.isCompleted) throw e }

  private def send(request: Serializable): Future[Array[Byte]] = {
    stopWhenKilled()
    transport.ask(driver, Wire.encode(request))
  }

  private def read[A](answer: Future[Array[Byte]]): A =
    Wire.decode[A](
      try Await.result(answer, Duration.Zero)
      catch {
        case NonFatal(e) =>
          throw new ExchangeException(
            s"Spark's driver did not answer this task: $e. Check the driver's log, then move the " +
              "data again.",
            e
          )
      }
    )

  /** Sends a request without waiting for the answer: the transfer may be over by then. */
  def tell(request: Serializable): Unit = {
    transport.ask(driver, Wire.encode(request))
    ()
  }

  def stopWhenKilled(): Unit =
    if (killed()) throw new TaskKilledException("the job was cancelled")
}

private[data] object DriverClient {

  /** Spark may signal cancellation to a task only by a flag, which the task has to poll. */
  private val pollPeriod = 100.milliseconds

  private val checkPeriod = 10.seconds

  /** Spark's own `spark.network.timeout`, after which the driver considers an executor lost. */
  private val checkLimit = 120.seconds
}
