package org.rayonspark.node

import org.rayonspark.rendezvous.{Leaving, Peer, Stay, Transport, Wire}

import scala.concurrent.Await
import scala.concurrent.duration._
import scala.util.control.NonFatal

/**
 * How an executor's JVM leaves: where its node drains, it waits for that.
 *
 * {{{
 *   JVM's end ──Leaving──► driver ──Drain──► keeper ──► process
 *       waits ◄──Stay─────                      └─closed─► the JVM may end
 * }}}
 *
 * @param use
 *   what the node holds of a container that may be ended for that
 * @param awaitClosed
 *   waits until nothing of the node is left, at most that long
 */
private[node] final class Departure(
    transport: Transport,
    driver: Peer,
    executorId: String,
    use: () => Option[ContainerUse],
    awaitClosed: FiniteDuration => Boolean
) {
  // Set by the keeper's thread, when the driver was quicker than the JVM's end.
  @volatile private var until = Option.empty[Deadline]

  /** The driver has told the node to drain. */
  def drains(limit: FiniteDuration): Unit = until = Some(deadline(limit))

  /** Called by the JVM's end, on a thread of its own. */
  def await(): Unit =
    try {
      val asked = ask().map(deadline)
      until.orElse(asked).map(_.timeLeft).filter(_ > Duration.Zero).foreach(awaitClosed)
    } catch { case _: InterruptedException => () } // Spark's patience with it is over.

  private def deadline(limit: FiniteDuration): Deadline = (limit + Departure.cleanUp).fromNow

  /**
   * A driver that is gone fails at once, and so does the RPC of an executor that it has stopped.
   */
  private def ask(): Option[FiniteDuration] =
    try {
      val answer = transport.ask(driver, Wire.encode(Leaving(executorId, use())))
      val stay = Wire.decode[Stay](Await.result(answer, Departure.answerLimit))
      Some(stay.limit).filter(_ > Duration.Zero)
    } catch {
      case e: InterruptedException => throw e
      case NonFatal(_) => None
    }
}

private object Departure {

  /** A driver whose host is gone says nothing: all shall be over within 5 s nevertheless. */
  private val answerLimit = 1.second

  /** What a node may take beyond its drain, to be killed, and to have its logs kept. */
  private val cleanUp = 5.seconds
}
