package org.rayonspark.threads

import org.apache.spark.internal.Logging

import java.util.concurrent.{Executors, TimeUnit}
import scala.concurrent.duration.FiniteDuration
import scala.util.control.NonFatal

/**
 * Does `work` once in each period, on a thread of its own, for as long as it is open. When that
 * fails, it is tried again in the next one.
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
    catch { case NonFatal(e) => logDebug(s"$name failed, and tries again", e) }

  /** This time is the last one: for the work itself. */
  def end(): Unit = thread.shutdown()

  /** Interrupts the work. */
  override def close(): Unit = {
    thread.shutdownNow()
    ()
  }
}
