package org.rayonspark.node

import org.rayonspark.conf.{PortPolicy, RayPort}
import org.scalatest.funsuite.AnyFunSuite

import java.io.IOException
import java.net.{InetAddress, InetSocketAddress, ServerSocket, Socket, SocketException}
import java.nio.channels.{DatagramChannel, Selector, ServerSocketChannel}
import java.util.concurrent.{Callable, Executors}
import scala.collection.JavaConverters._
import scala.util.Using

class PortAllocatorSuite extends AnyFunSuite {
  private val host = "127.0.0.1"

  private def hold(ports: Vector[RayPort], policy: PortPolicy): HeldPorts =
    PortAllocator.hold(host, ports, policy).fold(fail(_), identity)

  private def refused(ports: Vector[RayPort], policy: PortPolicy): String =
    PortAllocator.hold(host, ports, policy) match {
      case Left(why) => why
      case Right(held) =>
        held.close()
        fail(s"held ${held.numbers}")
    }

  /** Returns a range of free ports: other clusters on this host may hold any fixed range. */
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

  test("if no port is requested, none is held") {
    Using.resource(hold(Vector.empty, PortPolicy.free))(held => assert(held.numbers.isEmpty))
  }

  test("every port of a node gets its own number, below those of outgoing connections") {
    Using.resource(hold(RayPort.all, PortPolicy.free)) { held =>
      assert(held.numbers.keySet == RayPort.all.toSet)
      assert(held.numbers.values.toSet.size == RayPort.all.size)
      assert(held.numbers.values.forall(n => n >= 20000 && n < 30000))
    }
  }

  test("a held port accepts connections, and no other socket can listen there") {
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
      assert(why.contains("is not available"))
    }
  }

  test("a released port is free immediately, also after connections to it") {
    val held = hold(RayPort.all, PortPolicy.free)
    val ports = held.numbers.values.toVector
    for (port <- ports; _ <- 1 to 3)
      Using.resource(new Socket())(_.connect(new InetSocketAddress(host, port), 1000))
    val open = new Socket()
    open.connect(new InetSocketAddress(host, ports.head), 1000)
    held.release()
    assert(ports.filterNot(canListen).isEmpty)
    open.close()
    held.close()
  }

  test("no other node gets a released port until the node that it was released to has ended") {
    val number = freeRange(1)
    val policy = PortPolicy(Map.empty, Some(number), None)
    val held = hold(Vector(RayPort.Gcs), policy)
    held.release()
    assert(refused(Vector(RayPort.MetricsExport), policy).startsWith("None of the 1 ports"))
    assert(PortAllocator.isClaimed(number.start))
    held.close()
    assert(!PortAllocator.isClaimed(number.start))
    Using.resource(hold(Vector(RayPort.MetricsExport), policy))(_ => ())
  }

  test("a pinned port may have the number of a UDP service") {
    Using.resource(DatagramChannel.open().bind(new InetSocketAddress(freeRange(1).start))) { udp =>
      val number = udp.socket.getLocalPort
      val policy = PortPolicy.free.copy(pins = Map(RayPort.Gcs -> number))
      Using.resource(hold(Vector(RayPort.Gcs), policy)) { held =>
        assert(held.numbers(RayPort.Gcs) == number)
      }
    }
  }

  test("release and close are idempotent and leave no thread") {
    val held = hold(RayPort.all, PortPolicy.free)
    held.release()
    held.release()
    held.close()
    held.close()
    val names = Thread.getAllStackTraces.keySet.asScala.map(_.getName)
    assert(!names.contains("rayonspark-held-ports"))
  }

  test("a pinned port has its number") {
    val free = hold(Vector(RayPort.Gcs), PortPolicy.free)
    val number = free.numbers(RayPort.Gcs)
    free.close()
    val policy = PortPolicy.free.copy(pins = Map(RayPort.Gcs -> number))
    Using.resource(hold(RayPort.all, policy))(held => assert(held.numbers(RayPort.Gcs) == number))
  }

  test("a pinned port that is in use is an error with port and host, and nothing stays held") {
    Using.resource(new ServerSocket(0, 1, InetAddress.getByName(host))) { taken =>
      val number = taken.getLocalPort
      val range = freeRange(5)
      val policy = PortPolicy(Map(RayPort.Gcs -> number), Some(range), None)
      val ports = Vector(RayPort.NodeManager, RayPort.Gcs)
      assert(
        refused(ports, policy) == s"Port $number (gcs) on host 127.0.0.1 is not available " +
          "(Address already in use). Free it, or choose another number in `ports`."
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

  test("pins and the ports of worker processes are not assigned to other ports") {
    val policy =
      PortPolicy(Map(RayPort.Gcs -> 21520), Some(21520 to 21529), Some(21525 to 21529))
    assert(PortAllocator.candidates(policy) == (21521 to 21524).toVector)
  }

  test("many nodes that hold ports on one host at the same time get different ones") {
    val pool = Executors.newFixedThreadPool(8)
    try {
      val ask: Callable[HeldPorts] = () => hold(RayPort.all, PortPolicy.free)
      val held = pool.invokeAll(Vector.fill(32)(ask).asJava).asScala.map(_.get)
      val numbers = held.flatMap(_.numbers.values)
      held.foreach(_.close())
      assert(numbers.size == 32 * RayPort.all.size)
      assert(numbers.toSet.size == numbers.size)
    } finally pool.shutdown()
  }

  test("an address of another machine is an error that says what to set") {
    val why = PortAllocator.hold("192.0.2.77", RayPort.all, PortPolicy.free).left.getOrElse(fail())
    assert(
      why == "Address \"192.0.2.77\" does not belong to this machine. Ray listens on the address " +
        "that other hosts connect to, so it cannot run behind address translation (NAT). Set " +
        "`spark.driver.host`, or SPARK_LOCAL_IP on the executors, to an address that does."
    )
  }

  private val tooMany = "Too many open files"

  private def tooManyAfter(allowed: Int): (() => Int, Int => ServerSocketChannel) = {
    val opened = new java.util.concurrent.ConcurrentLinkedQueue[ServerSocketChannel]
    val open: Int => ServerSocketChannel = { number =>
      if (opened.size == allowed) throw new SocketException(tooMany)
      val socket = ServerSocketChannel.open().bind(new InetSocketAddress(number))
      opened.add(socket)
      socket
    }
    (() => opened.asScala.count(_.isOpen), open)
  }

  test("a lack of file descriptors is an error message, and nothing stays held") {
    val range = freeRange(5)
    val policy = PortPolicy(Map.empty, Some(range), None)
    for (allowed <- Vector(0, 2)) {
      val (left, open) = tooManyAfter(allowed)
      val ports = RayPort.all.take(3)
      val why = PortAllocator.hold(host, ports, policy, open, () => Selector.open())
      assert(
        why.left.toOption.contains(
          s"Host $host could not open a socket for ${ports(allowed).key} ($tooMany). Raise its " +
            "limit on open files, or close some."
        )
      )
      assert(left() == 0)
    }
  }

  test("a selector that cannot be opened is an error message, and nothing stays held") {
    val (left, open) = tooManyAfter(3)
    val policy = PortPolicy(Map.empty, Some(freeRange(5)), None)
    val why = PortAllocator.hold(
      host,
      RayPort.all.take(3),
      policy,
      open,
      () => throw new IOException(tooMany)
    )
    assert(why.left.toOption.exists(_.contains(s"could not open a selector ($tooMany)")))
    assert(left() == 0)
  }
}
