package org.rayonspark.data

import scala.concurrent.duration._

/** The state of one import as many threads see it: some change it, some wait for a change. */
private[data] final class ImportBook {

  // Guarded by this; waiters are woken by every change.
  private var now = ImportState()

  def state: ImportState = synchronized(now)

  def change[A](step: ImportState => (ImportState, A)): A = synchronized {
    val (after, result) = step(now)
    now = after
    notifyAll()
    result
  }

  /**
   * Takes what shall be written, or waits for it; none when the time was up, or when it is over.
   */
  def nextDemand(limit: FiniteDuration): Option[Demand] = {
    val deadline = limit.fromNow
    synchronized {
      while (now.demands.isEmpty && now.over.isEmpty && deadline.hasTimeLeft())
        wait(deadline.timeLeft.toMillis.max(1))
      change(_.take)
    }
  }
}
