package org.rayonspark.threads

import org.apache.spark.internal.Logging

import java.util.concurrent.{Executors, TimeUnit}
import scala.concurrent.duration.FiniteDuration
import scala.util.control.NonFatal

/**
 * Runs `work` once per period, on its own thread, until it is closed. If `work` fails, it runs
 * again in the next period.
 */
final class Repeated(name: String, period: FiniteDuration)(work: => Unit)
    extends AutoCloseable
    with Logging {
  private val thread = Executors.newSingleThreadScheduledExecutor(Daemon.factory(name))
  thread.scheduleWithFixedDelay(
    () => once(),
    period.toMillis,
    period.toMillis,
    TimeUnit.MILLISECONDS
  )

  private def once(): Unit =
    try work
    catch {
      case NonFatal(e) => logDebug(s"$name failed. The next period tries again.", e)
      case e: InterruptedException => throw e
      // Rethrown, the error would silently end the repetition: no thread reads its future.
      case e: Throwable => logError(s"$name failed. The next period tries again.", e)
    }

  /** Makes the current run the last one. For calls from `work` itself. */
  def end(): Unit = thread.shutdown()

  /** Interrupts `work` and ends the repetition. */
  override def close(): Unit = {
    thread.shutdownNow()
    ()
  }
}
