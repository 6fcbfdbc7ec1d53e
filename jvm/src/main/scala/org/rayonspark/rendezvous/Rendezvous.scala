package org.rayonspark.rendezvous

import java.io.IOException
import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.{ExecutionContext, Future}

/**
 * The driver's end of the conversation with the keepers of one cluster. It knows who is who by
 * executor id, and decides nothing.
 *
 * {{{
 *   keeper on executor 1 ──Enlist, Offered, NodeReport──►  Rendezvous ──► onMessage
 *                        ◄──Prepare, Launch, Ready, Drain, Stop──
 *                        ──Leaving?──────────────►  (answered)
 *                        ◄──Discard, OpenRoute?───────────   (answered)
 * }}}
 *
 * @param onLeaving
 *   called when an executor leaves; must not block
 */
final class Rendezvous(
    transport: Transport,
    name: String,
    onMessage: KeeperMessage => Unit,
    onLeaving: Leaving => Stay
) extends AutoCloseable {
  private val peers = new ConcurrentHashMap[String, Peer]
  private val mailbox = transport.open(
    name,
    receive,
    (bytes, reply) => reply(Wire.encode(onLeaving(Wire.decode[Leaving](bytes))))
  )

  /** To the keeper on that executor; dropped when none has enlisted from there. */
  def tell(executorId: String, message: DriverMessage): Unit =
    Option(peers.get(executorId)).foreach(mailbox.send(_, Wire.encode(message)))

  /** Asks the keeper on that executor; fails when there is none, or none any more. */
  def ask(executorId: String, question: KeeperQuestion): Future[KeeperAnswer] =
    Option(peers.get(executorId))
      .fold(Future.failed[Array[Byte]](new IOException(s"No keeper on executor $executorId"))) {
        transport.ask(_, Wire.encode(question))
      }
      .map(Wire.decode[KeeperAnswer])(ExecutionContext.parasitic)

  private def receive(bytes: Array[Byte], from: Peer): Unit = {
    val message = Wire.decode[KeeperMessage](bytes)
    message match {
      case KeeperMessage.Enlist(executorId, _) => peers.put(executorId, from)
      case _ => ()
    }
    onMessage(message)
  }

  override def close(): Unit = mailbox.close()
}

object Rendezvous {

  /** The mailbox's name for a cluster: what a task needs to find it. */
  def mailboxName(clusterId: String): String = s"rayonspark-$clusterId"
}
