package org.rayonspark.node

import org.rayonspark.rpc.{EndpointRef, ShutdownDelay, ShutdownNotice, Transport, Wire}

import scala.concurrent.Await
import scala.concurrent.duration._
import scala.util.control.NonFatal

/**
 * Delays the end of an executor's JVM until its node has drained. The node agent creates it, and
 * the agent's shutdown hook calls [[await]].
 *
 * {{{
 *   shutdown hook ──ShutdownNotice──► driver ──Drain──► agent ──► process
 *           waits ◄──ShutdownDelay───                     └──closed──► the JVM may end
 * }}}
 *
 * @param usage
 *   returns the node's memory usage if the cluster manager kills a container for its usage
 * @param awaitClosed
 *   waits until nothing of the node is left, but no longer than the given time
 */
private[node] final class DrainOnShutdown(
    transport: Transport,
    driver: EndpointRef,
    executorId: String,
    usage: () => Option[ContainerUsage],
    awaitClosed: FiniteDuration => Boolean
) {
  // Set by the agent's thread if the driver's Drain arrives before the JVM shuts down.
  @volatile private var drainDeadline = Option.empty[Deadline]

  /** Records that the driver has told the node to drain. */
  def drainStarted(limit: FiniteDuration): Unit = drainDeadline = Some(deadline(limit))

  /** Waits for the drain, if there is one. Called by the shutdown hook, on its own thread. */
  def await(): Unit =
    try {
      val requested = ask().map(deadline)
      drainDeadline.orElse(requested).map(_.timeLeft).filter(_ > Duration.Zero).foreach(awaitClosed)
    } catch { case _: InterruptedException => () } // Spark no longer waits for the hook.

  private def deadline(limit: FiniteDuration): Deadline = (limit + DrainOnShutdown.cleanUp).fromNow

  /**
   * Asks the driver how long to wait; None if there is nothing to wait for. The request fails at
   * once if the driver is gone, or if the driver has stopped this executor and its RPC.
   */
  private def ask(): Option[FiniteDuration] =
    try {
      val answer = transport.ask(driver, Wire.encode(ShutdownNotice(executorId, usage())))
      val delay = Wire.decode[ShutdownDelay](Await.result(answer, DrainOnShutdown.answerLimit))
      Some(delay.limit).filter(_ > Duration.Zero)
    } catch {
      case e: InterruptedException => throw e
      case NonFatal(_) => None
    }
}

private object DrainOnShutdown {

  /** A driver whose host is gone never answers, and the JVM must still end within 5 s. */
  private val answerLimit = 1.second

  /** Time beyond the drain in which the guard kills the node and saves its logs. */
  private val cleanUp = 5.seconds
}
