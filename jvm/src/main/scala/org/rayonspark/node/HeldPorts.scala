package org.rayonspark.node

import org.rayonspark.conf.RayPort

import java.io.IOException
import java.nio.channels.{ClosedSelectorException, SelectionKey, Selector, ServerSocketChannel}
import scala.jdk.CollectionConverters._

/**
 * Ports that nobody else can take, until they are released to the node that will listen on them.
 * They answer: whether another host can open a connection is asked before anything is launched.
 *
 * Connections are accepted and reset by one daemon thread: unaccepted ones would fill the system's
 * queue when many executors ask at once, and an orderly close would leave ports in TIME_WAIT.
 */
final class HeldPorts private[node] (sockets: Map[RayPort, ServerSocketChannel])
    extends AutoCloseable {

  val numbers: Map[RayPort, Int] = sockets.map { case (port, s) => port -> s.socket.getLocalPort }

  private val selector = Selector.open()
  sockets.values.foreach { socket =>
    socket.configureBlocking(false)
    socket.register(selector, SelectionKey.OP_ACCEPT)
  }
  private val thread = new Thread(() => answer(), "rayonspark-held-ports")
  thread.setDaemon(true)
  thread.start()

  /** Lets go of all of them; when it returns, they are free. Idempotent. */
  def release(): Unit = {
    selector.wakeup()
    // Closing the selector first: a channel stays open for as long as a selector knows of it.
    selector.close()
    sockets.values.foreach(_.close())
    thread.join()
  }

  override def close(): Unit = release()

  private def answer(): Unit =
    try
      while (selector.isOpen) {
        selector.select()
        val ready = selector.selectedKeys
        ready.asScala.foreach(accept)
        ready.clear()
      }
    catch { case _: ClosedSelectorException => () }

  private def accept(key: SelectionKey): Unit =
    try
      key.channel match {
        case socket: ServerSocketChannel =>
          Option(socket.accept()).foreach { connection =>
            connection.setOption[Integer](java.net.StandardSocketOptions.SO_LINGER, 0)
            connection.close()
          }
        case _ => ()
      }
    catch {
      case _: IOException => () // the other side was gone before we answered
      case _: java.nio.channels.CancelledKeyException => () // released meanwhile
    }
}
