package org.rayonspark.node

import org.apache.spark.internal.Logging
import org.rayonspark.conf.RayPort
import org.rayonspark.threads.{Daemon, Steps}

import java.io.IOException
import java.net.StandardSocketOptions
import java.nio.ByteBuffer
import java.nio.channels.{
  DatagramChannel,
  SelectionKey,
  Selector,
  ServerSocketChannel,
  SocketChannel
}
import scala.collection.mutable
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/**
 * Holds ports, so that no other process can use them, until they are released to the node that will
 * listen on them. Keeps their claims (see [[PortAllocator]]) until it is closed.
 *
 * The ports accept connections, because other hosts check that they can connect before Ray is
 * launched.
 *
 * One daemon thread accepts connections and keeps each open until its other side closes it.
 * Unaccepted connections would fill the system's queue when many executors check at once. The side
 * that closes first holds its port in TIME_WAIT, where Ray could not bind it.
 *
 * @param open
 *   accepts a connection
 * @param pause
 *   how long to accept nothing after `open` has failed
 */
final class HeldPorts private[node] (
    sockets: Map[RayPort, ServerSocketChannel],
    claims: Vector[DatagramChannel],
    selector: Selector,
    open: ServerSocketChannel => SocketChannel,
    pause: FiniteDuration
) extends AutoCloseable
    with Logging {

  val numbers: Map[RayPort, Int] = sockets.map { case (port, s) => port -> s.socket.getLocalPort }

  @volatile private var released = false
  // Used only by the thread below.
  private var pausedUntil = Option.empty[Deadline]
  private var warned = false
  private val thread = Daemon("rayonspark-held-ports")(run())
  thread.start()

  /** Releases all ports. They are free when it returns. Idempotent. */
  def release(): Unit = {
    released = true
    selector.wakeup()
    thread.join()
  }

  /** Releases all ports and gives up their claims. Idempotent. */
  override def close(): Unit = {
    release()
    claims.foreach(_.close())
  }

  /** Accepts until the release. Closes all that it opens: no other thread knows the connections. */
  private def run(): Unit = {
    val connections = mutable.Set.empty[SocketChannel]
    try acceptAll(connections)
    finally
      Steps.all("The release of held ports")(
        "closing connections" -> (() => connections.foreach(reset)),
        "closing sockets" -> (() => sockets.values.foreach(_.close())),
        // A channel stays open while it is registered with a selector.
        "closing the selector" -> (() => selector.close())
      )
  }

  private def acceptAll(connections: mutable.Set[SocketChannel]): Unit = {
    sockets.values.foreach { socket =>
      socket.configureBlocking(false)
      socket.register(selector, SelectionKey.OP_ACCEPT)
    }
    while (!released) {
      selector.select(pausedUntil.fold(0L)(_.timeLeft.toMillis.max(1)))
      if (pausedUntil.exists(_.isOverdue())) {
        pausedUntil = None
        await(SelectionKey.OP_ACCEPT)
      }
      val ready = selector.selectedKeys
      ready.asScala.foreach(_.channel match {
        case socket: ServerSocketChannel => accept(socket).foreach(connections.add)
        case connection: SocketChannel =>
          if (isClosedByPeer(connection)) {
            connection.close()
            connections.remove(connection)
          }
        case _ => ()
      })
      ready.clear()
    }
  }

  private def accept(socket: ServerSocketChannel): Option[SocketChannel] =
    try Option(open(socket)).map(watch)
    catch {
      case e: IOException =>
        pauseAccepting(e)
        None
    }

  private def watch(connection: SocketChannel): SocketChannel =
    try {
      connection.configureBlocking(false)
      connection.register(selector, SelectionKey.OP_READ)
      connection
    } catch {
      case e: Throwable =>
        reset(connection)
        throw e
    }

  /**
   * Stops accepting for a while: the connection stays in the queue, and would wake every select.
   */
  private def pauseAccepting(error: IOException): Unit = {
    pausedUntil = Some(pause.fromNow)
    await(0)
    if (!warned)
      logWarning(
        s"Could not accept a connection to a held port (${error.getMessage}). Retrying " +
          s"every ${pause.toMillis} ms. Raise this host's limit on open files, or close some."
      )
    warned = true
  }

  private def await(operations: Int): Unit =
    sockets.values.foreach(_.keyFor(selector).interestOps(operations))

  private def isClosedByPeer(connection: SocketChannel): Boolean =
    try connection.read(ByteBuffer.allocate(64)) < 0
    catch { case _: IOException => true }

  /** Closes without the TIME_WAIT of the side that closes first. */
  private def reset(connection: SocketChannel): Unit =
    try {
      connection.setOption[Integer](StandardSocketOptions.SO_LINGER, 0)
      connection.close()
    } catch { case _: IOException => () }
}

private[node] object HeldPorts {

  /** Short compared with the seconds that a reachability check may take. */
  val pause: FiniteDuration = 200.millis
}
