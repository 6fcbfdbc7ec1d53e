package org.rayonspark.node

import org.rayonspark.rpc.{EndpointRef, FakeTransport, ShutdownDelay, Wire}
import org.scalatest.funsuite.AnyFunSuite

import java.io.IOException
import scala.concurrent.Future
import scala.concurrent.duration._

class DrainOnShutdownSuite extends AnyFunSuite {
  private case object Driver extends EndpointRef

  private final class Answering(answer: () => Future[Array[Byte]]) extends FakeTransport {
    override def ask(peer: EndpointRef, request: Array[Byte]): Future[Array[Byte]] = answer()
  }

  /** Returns the time limits that the shutdown waited for. */
  private def waited(
      answer: () => Future[Array[Byte]],
      usage: () => Option[ContainerUsage] = () => None,
      before: DrainOnShutdown => Unit = _ => ()
  ): Vector[FiniteDuration] = {
    var limits = Vector.empty[FiniteDuration]
    val drain = new DrainOnShutdown(
      new Answering(answer),
      Driver,
      "1",
      usage,
      limit => { limits = limits :+ limit; true }
    )
    before(drain)
    drain.await()
    limits
  }

  private def delay(limit: FiniteDuration): () => Future[Array[Byte]] =
    () => Future.successful(Wire.encode(ShutdownDelay(limit)))

  test("a JVM whose node does not drain ends immediately") {
    assert(waited(delay(Duration.Zero)).isEmpty)
  }

  test("a JVM whose node drains waits for the drain and the cleanup") {
    val limits = waited(delay(20.seconds))
    assert(limits.size == 1 && limits.head > 20.seconds && limits.head <= 25.seconds)
  }

  test("a driver that is gone, or a usage that cannot be read, does not delay the JVM's end") {
    assert(waited(() => Future.failed(new IOException("gone"))).isEmpty)
    assert(waited(delay(20.seconds), () => throw new IllegalStateException("no")).isEmpty)
  }

  test("a JVM waits for a drain that has started, even if the driver is gone") {
    val gone = () => Future.failed(new IOException("gone"))
    assert(waited(gone, before = _.drainStarted(5.seconds)).size == 1)
  }
}
