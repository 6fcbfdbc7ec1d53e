package org.rayonspark.watch

import org.apache.spark.internal.Logging
import org.rayonspark.threads.Daemon

import java.util.concurrent.{Executors, RejectedExecutionException, TimeUnit}
import scala.concurrent.duration.FiniteDuration

/**
 * The one thread of a cluster: it takes events, folds them with the [[Registration]] and the
 * [[Supervisor]], has the actions done, and shows the newest state to whoever waits for it.
 *
 * @param perform
 *   does an action; called on the loop's thread, must not block
 */
final class ClusterLoop(initial: ClusterState, perform: ClusterAction => Unit) extends Logging {
  private val executor =
    Executors.newSingleThreadScheduledExecutor(Daemon.factory(s"rayonspark-${initial.id}"))
  // Written by the loop's thread only, under this object's monitor, so that waiters are woken.
  @volatile private var current = initial

  def state: ClusterState = current

  /** Hands an event to the loop, from any thread; what comes after the end is dropped. */
  def post(event: ClusterEvent): Unit =
    try executor.execute(() => take(event))
    catch { case _: RejectedExecutionException => logDebug("The cluster has ended.") }

  def postAfter(delay: FiniteDuration, event: ClusterEvent): Unit =
    try executor.schedule((() => take(event)): Runnable, delay.toNanos, TimeUnit.NANOSECONDS)
    catch { case _: RejectedExecutionException => logDebug("The cluster has ended.") }

  /** Waits until `condition` holds; false when `limit` has passed before. */
  def await(limit: FiniteDuration)(condition: ClusterState => Boolean): Boolean = {
    val deadline = limit.fromNow
    synchronized {
      while (!condition(current) && deadline.hasTimeLeft())
        wait(deadline.timeLeft.toMillis.max(1))
      condition(current)
    }
  }

  private def take(event: ClusterEvent): Unit =
    try {
      val (next, actions) = Registration.step(current, event)
      synchronized {
        current = next
        notifyAll()
      }
      actions.foreach(perform)
      if (next.phase.isFinal) executor.shutdownNow()
    } catch {
      // The loop is the last one to hear of it: without this the cluster would stand still in silence.
      case e: Exception => logError(s"Ray cluster ${initial.id} could not handle $event", e)
    }
}
