package org.rayonspark.node

import org.rayonspark.conf.{PortPolicy, RayPort}
import org.scalatest.funsuite.AnyFunSuite

import java.net.{InetAddress, InetSocketAddress, ServerSocket, Socket}
import java.util.concurrent.{Callable, Executors}
import scala.jdk.CollectionConverters._
import scala.util.Using

class PortAllocatorSuite extends AnyFunSuite {
  private val host = "127.0.0.1"

  private def hold(ports: Vector[RayPort], policy: PortPolicy): HeldPorts =
    PortAllocator.hold(host, ports, policy).fold(fail(_), identity)

  private def refused(ports: Vector[RayPort], policy: PortPolicy): String =
    PortAllocator.hold(host, ports, policy) match {
      case Left(why) => why
      case Right(held) =>
        held.release()
        fail(s"held ${held.numbers}")
    }

  /** Other clusters on this host may hold any fixed one. */
  private def freeRange(size: Int): Range.Inclusive =
    (21000 to 31000 by size)
      .map(from => from until from + size)
      .collectFirst {
        case range if range.forall(canListen) => range.start to range.last
      }
      .get

  private def canListen(port: Int): Boolean =
    Using(new ServerSocket()) { socket =>
      socket.setReuseAddress(false)
      socket.bind(new InetSocketAddress(host, port))
    }.isSuccess

  test("no port asked for, none held") {
    Using.resource(hold(Vector.empty, PortPolicy.free))(held => assert(held.numbers.isEmpty))
  }

  test("every port of a node gets a number of its own, below those of outgoing connections") {
    Using.resource(hold(RayPort.all, PortPolicy.free)) { held =>
      assert(held.numbers.keySet == RayPort.all.toSet)
      assert(held.numbers.values.toSet.size == RayPort.all.size)
      assert(held.numbers.values.forall(n => n >= 20000 && n < 30000))
    }
  }

  test("a held port answers, and nobody else can listen there") {
    Using.resource(hold(Vector(RayPort.Gcs), PortPolicy.free)) { held =>
      val port = held.numbers(RayPort.Gcs)
      assert(!canListen(port))
      Using.resource(new Socket())(_.connect(new InetSocketAddress(host, port), 1000))
    }
  }

  test("a held port is held on all addresses of this machine") {
    val held = hold(Vector(RayPort.Gcs), PortPolicy.free)
    val policy = PortPolicy.free.copy(pins = held.numbers)
    Using.resource(held) { _ =>
      val why = PortAllocator.hold("127.0.0.2", Vector(RayPort.Gcs), policy).left.toOption.get
      assert(why.contains("cannot be had"))
    }
  }

  test("a released port is free at once, also after it was connected to") {
    val held = hold(RayPort.all, PortPolicy.free)
    val ports = held.numbers.values.toVector
    for (port <- ports; _ <- 1 to 3)
      Using.resource(new Socket())(_.connect(new InetSocketAddress(host, port), 1000))
    val open = new Socket()
    open.connect(new InetSocketAddress(host, ports.head), 1000)
    held.release()
    assert(ports.filterNot(canListen).isEmpty)
    open.close()
  }

  test("release is idempotent and leaves no thread") {
    val held = hold(RayPort.all, PortPolicy.free)
    held.release()
    held.release()
    held.close()
    val names = Thread.getAllStackTraces.keySet.asScala.map(_.getName)
    assert(!names.contains("rayonspark-held-ports"))
  }

  test("a pinned port has its number") {
    val free = hold(Vector(RayPort.Gcs), PortPolicy.free)
    val number = free.numbers(RayPort.Gcs)
    free.release()
    val policy = PortPolicy.free.copy(pins = Map(RayPort.Gcs -> number))
    Using.resource(hold(RayPort.all, policy))(held => assert(held.numbers(RayPort.Gcs) == number))
  }

  test("a pinned port that is taken is an error with port and host, and nothing stays held") {
    Using.resource(new ServerSocket(0, 1, InetAddress.getByName(host))) { taken =>
      val number = taken.getLocalPort
      val range = freeRange(5)
      val policy = PortPolicy(Map(RayPort.Gcs -> number), Some(range), None)
      val ports = Vector(RayPort.NodeManager, RayPort.Gcs)
      assert(
        refused(ports, policy) == s"Port $number (gcs) on host 127.0.0.1 cannot be had " +
          "(Address already in use). Free it, or give it another number in `ports`."
      )
      assert(range.forall(canListen))
    }
  }

  test("a range that is used up is an error with its size, and nothing stays held") {
    val range = freeRange(3)
    val policy = PortPolicy(Map.empty, Some(range), None)
    assert(
      refused(
        RayPort.all.take(4),
        policy
      ) == s"None of the 3 ports from ${range.start} to ${range.end} is free on " +
        "host 127.0.0.1 for autoscaler_metrics. Widen the range in `ports`."
    )
    assert(range.forall(canListen))
  }

  test("pins and the ports of worker processes are not given to others") {
    val policy =
      PortPolicy(Map(RayPort.Gcs -> 21520), Some(21520 to 21529), Some(21525 to 21529))
    assert(PortAllocator.candidates(policy) == (21521 to 21524).toVector)
  }

  test("many nodes that ask at once on one host get different ports") {
    val pool = Executors.newFixedThreadPool(8)
    try {
      val ask: Callable[HeldPorts] = () => hold(RayPort.all, PortPolicy.free)
      val held = pool.invokeAll(Vector.fill(32)(ask).asJava).asScala.map(_.get)
      val numbers = held.flatMap(_.numbers.values)
      held.foreach(_.release())
      assert(numbers.size == 32 * RayPort.all.size)
      assert(numbers.toSet.size == numbers.size)
    } finally pool.shutdown()
  }

  test("an address of another machine is an error that says what to set") {
    val why = PortAllocator.hold("192.0.2.77", RayPort.all, PortPolicy.free).left.getOrElse(fail())
    assert(
      why.startsWith("Address \"192.0.2.77\" is not one of this machine. Set `spark.driver.host`")
    )
  }
}
