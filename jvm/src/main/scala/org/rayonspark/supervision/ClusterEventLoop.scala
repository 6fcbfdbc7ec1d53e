package org.rayonspark.supervision

import org.apache.spark.internal.Logging
import org.rayonspark.threads.Daemon
import org.rayonspark.supervision.Transition.Transition

import java.util.concurrent.{Executors, RejectedExecutionException, TimeUnit}
import scala.concurrent.duration.FiniteDuration
import scala.util.control.NonFatal

/**
 * The single thread of a cluster. It processes events with [[ExecutorRegistration]] and
 * [[Supervisor]], performs the resulting actions, and publishes the newest state to waiting
 * threads. All methods may be called from any thread.
 *
 * @param perform
 *   performs an action; called on the loop's thread, must not block
 */
final class ClusterEventLoop(initial: ClusterState, perform: ClusterAction => Unit)
    extends Logging {
  private val executor =
    Executors.newSingleThreadScheduledExecutor(Daemon.factory(s"rayonspark-${initial.id}"))
  // Written by the loop's thread only, and under this object's monitor in order to wake waiters.
  @volatile private var current = initial

  def state: ClusterState = current

  /** Hands an event to the loop. Events after the cluster's end are dropped. */
  def post(event: ClusterEvent): Unit =
    try executor.execute(() => handle(event))
    catch { case _: RejectedExecutionException => logDebug("The cluster has ended.") }

  def postAfter(delay: FiniteDuration, event: ClusterEvent): Unit =
    try executor.schedule((() => handle(event)): Runnable, delay.toNanos, TimeUnit.NANOSECONDS)
    catch { case _: RejectedExecutionException => logDebug("The cluster has ended.") }

  /** Waits until `condition` holds. Returns false if `limit` passes first. */
  def await(limit: FiniteDuration)(condition: ClusterState => Boolean): Boolean = {
    val deadline = limit.fromNow
    synchronized {
      while (!condition(current) && deadline.hasTimeLeft())
        wait(deadline.timeLeft.toMillis.max(1))
      condition(current)
    }
  }

  private def handle(event: ClusterEvent): Unit = {
    val error = follow(fold(event))
    if (!current.ending) error.foreach(e => follow(InternalError.of(current, e)))
    if (current.phase.isFinal) executor.shutdownNow()
  }

  /** An error in the supervisor itself becomes the cluster's failure: no other code handles it. */
  private def fold(event: ClusterEvent): Transition =
    try ExecutorRegistration.step(current, event)
    catch {
      case e: Throwable =>
        logError(s"Ray cluster ${initial.id} could not handle $event.", e)
        InternalError.of(current, e, event)
    }

  /** Performs every action, even if others fail. Returns the first error that is fatal to a JVM. */
  private def follow(transition: Transition): Option[Throwable] = {
    val (next, actions) = transition
    synchronized {
      current = next
      notifyAll()
    }
    actions.flatMap(attempt).headOption
  }

  private def attempt(action: ClusterAction): Option[Throwable] =
    try {
      perform(action)
      None
    } catch {
      case e: Throwable =>
        logError(s"Ray cluster ${initial.id} could not perform ${action.productPrefix}.", e)
        Some(e).filterNot(NonFatal(_))
    }
}
