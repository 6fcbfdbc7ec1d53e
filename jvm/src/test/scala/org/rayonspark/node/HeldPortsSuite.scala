package org.rayonspark.node

import org.rayonspark.conf.RayPort
import org.scalatest.funsuite.AnyFunSuite

import java.io.IOException
import java.net.{InetAddress, InetSocketAddress, Socket}
import java.nio.channels.{Selector, ServerSocketChannel, SocketChannel}
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.{CountDownLatch, TimeUnit}
import scala.concurrent.duration._
import scala.util.Using

class HeldPortsSuite extends AnyFunSuite {
  private val limit = 10.seconds

  /** One held port, whose connections are accepted by `open`. */
  private def holding(
      pause: FiniteDuration
  )(open: ServerSocketChannel => SocketChannel): HeldPorts =
    new HeldPorts(
      Map(
        RayPort.Gcs -> ServerSocketChannel
          .open()
          .bind(new InetSocketAddress(InetAddress.getLoopbackAddress, 0))
      ),
      Vector.empty,
      Selector.open(),
      open,
      pause
    )

  private def connect(held: HeldPorts): Socket = {
    val socket = new Socket(InetAddress.getLoopbackAddress, held.numbers(RayPort.Gcs))
    socket.setSoTimeout(limit.toMillis.toInt)
    socket
  }

  /** Closes its side, and waits until the other side has closed too. */
  private def disconnect(socket: Socket): Unit = {
    socket.shutdownOutput()
    assert(socket.getInputStream.read() == -1)
    socket.close()
  }

  test("a connection that cannot be accepted is not tried again before the pause is over") {
    val attempts = new AtomicInteger
    val failed = new CountDownLatch(1)
    val early = 8
    val open: ServerSocketChannel => SocketChannel = { socket =>
      if (attempts.incrementAndGet() <= early) socket.accept()
      else {
        failed.countDown()
        throw new IOException("Too many open files")
      }
    }
    Using.resource(holding(1.hour)(open)) { held =>
      val accepted = Vector.fill(early)(connect(held))
      val waiting = connect(held)
      assert(failed.await(limit.toSeconds, TimeUnit.SECONDS))
      // After each of them, the thread has run its loop once more.
      accepted.foreach(disconnect)
      assert(attempts.get == early + 1)
      waiting.close()
    }
  }

  test("connections are accepted again when the pause is over") {
    val attempts = new AtomicInteger
    val open: ServerSocketChannel => SocketChannel = { socket =>
      if (attempts.incrementAndGet() <= 3) throw new IOException("Too many open files")
      socket.accept()
    }
    Using.resource(holding(1.milli)(open)) { held =>
      disconnect(connect(held))
      assert(attempts.get == 4)
    }
  }
}
