package org.rayonspark.node

import org.rayonspark.conf.RayPort
import org.rayonspark.threads.Daemon

import java.io.IOException
import java.net.StandardSocketOptions
import java.nio.ByteBuffer
import java.nio.channels.{SelectionKey, Selector, ServerSocketChannel, SocketChannel}
import scala.collection.mutable
import scala.jdk.CollectionConverters._

/**
 * Ports that nobody else can take, until they are released to the node that will listen on them.
 * They answer: whether another host can open a connection is asked before anything is launched.
 *
 * One daemon thread accepts connections and keeps each until its other side closes it. Unaccepted
 * ones would fill the system's queue when many executors ask at once, and the side that closes
 * first holds its port in TIME_WAIT, where Ray could not bind it.
 */
final class HeldPorts private[node] (sockets: Map[RayPort, ServerSocketChannel])
    extends AutoCloseable {

  val numbers: Map[RayPort, Int] = sockets.map { case (port, s) => port -> s.socket.getLocalPort }

  private val selector = Selector.open()
  @volatile private var released = false
  private val thread = Daemon("rayonspark-held-ports")(answer())
  thread.start()

  /** Lets go of all of them; when it returns, they are free. Idempotent. */
  def release(): Unit = {
    released = true
    selector.wakeup()
    thread.join()
  }

  override def close(): Unit = release()

  /** All that the thread opens it closes too: nobody else knows of a connection in the making. */
  private def answer(): Unit = {
    val connections = mutable.Set.empty[SocketChannel]
    sockets.values.foreach { socket =>
      socket.configureBlocking(false)
      socket.register(selector, SelectionKey.OP_ACCEPT)
    }
    while (!released) {
      selector.select()
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
    connections.foreach(reset)
    sockets.values.foreach(_.close())
    // A channel stays open for as long as a selector knows of it.
    selector.close()
  }

  private def accept(socket: ServerSocketChannel): Option[SocketChannel] =
    try
      Option(socket.accept()).map { connection =>
        connection.configureBlocking(false)
        connection.register(selector, SelectionKey.OP_READ)
        connection
      }
    catch { case _: IOException => None } // the other side was gone before we answered

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
