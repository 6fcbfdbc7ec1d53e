package org.rayonspark.node

import org.rayonspark.conf.{PortPolicy, RayPort}

import java.io.IOException
import java.net.{
  BindException,
  InetAddress,
  InetSocketAddress,
  NetworkInterface,
  UnknownHostException
}
import java.nio.channels.ServerSocketChannel
import java.util.concurrent.ThreadLocalRandom
import scala.annotation.tailrec

/**
 * Finds free ports on this host and holds them. Safe to call from many threads and processes.
 *
 * They are held on every interface, a loopback one's too: some of Ray's processes bind all of them
 * whatever they are told, and would meet another node's that have an address of the same machine.
 */
object PortAllocator {

  // Below the ports that Linux hands out to outgoing connections (32768 and up), which would take a
  // port in the moment between our release and Ray's bind, and below Kubernetes' node ports (30000).
  private val free: Range = 20000 until 30000
  private val backlog = 1024

  /**
   * @param host
   *   an address of this machine
   * @return
   *   held ports, or a sentence that says which one cannot be had and why
   */
  def hold(
      host: String,
      ports: Vector[RayPort],
      policy: PortPolicy
  ): Either[String, HeldPorts] =
    checkLocal(host).flatMap { _ =>
      // Not only this node's pins: the one that they belong to may come later.
      val (pinned, others) = ports.partition(policy.pins.contains)
      val bound = pinned.foldLeft(noPorts) { (held, port) =>
        held.flatMap(add(_, port, pin(host, port, policy.pins(port))))
      }
      val range = candidates(policy)
      others
        .foldLeft(bound)((held, port) => held.flatMap(add(_, port, pick(host, port, range))))
        .map(new HeldPorts(_))
    }

  private type Sockets = Map[RayPort, ServerSocketChannel]
  private val noPorts: Either[String, Sockets] = Right(Map.empty)

  /** All that are already held are let go when one cannot be had. */
  private def add(
      held: Sockets,
      port: RayPort,
      socket: Either[String, ServerSocketChannel]
  ): Either[String, Sockets] = {
    if (socket.isLeft) held.values.foreach(_.close())
    socket.map(s => held + (port -> s))
  }

  private def checkLocal(host: String): Either[String, Unit] =
    try {
      val address = InetAddress.getByName(host)
      Either.cond(
        address.isLoopbackAddress || NetworkInterface.getByInetAddress(address) != null,
        (),
        s"""Address "$host" is not one of this machine. Set `spark.driver.host`, or SPARK_LOCAL_IP on the executors, to one that is."""
      )
    } catch {
      case _: UnknownHostException =>
        Left(s"""Host "$host" has no address. Give an IP address.""")
    }

  private[node] def candidates(policy: PortPolicy): Vector[Int] = {
    val taken = policy.pins.values.toSet
    policy.range
      .getOrElse(free)
      .filterNot(port => taken(port) || policy.workers.exists(_.contains(port)))
      .toVector
  }

  private def pin(host: String, port: RayPort, number: Int): Either[String, ServerSocketChannel] =
    try Right(listen(number))
    catch {
      case e: IOException =>
        Left(
          s"Port $number (${port.key}) on host $host cannot be had (${e.getMessage}). " +
            "Free it, or give it another number in `ports`."
        )
    }

  private def pick(
      host: String,
      port: RayPort,
      range: Vector[Int]
  ): Either[String, ServerSocketChannel] = {
    // Two nodes that look at the same moment begin at different places.
    val start = if (range.isEmpty) 0 else ThreadLocalRandom.current().nextInt(range.size)

    @tailrec def next(tried: Int): Option[ServerSocketChannel] =
      if (tried == range.size) None
      else
        tryListen(range((start + tried) % range.size)) match {
          case None => next(tried + 1)
          case some => some
        }

    next(0).toRight {
      val where = range.headOption.fold("its range")(first => s"$first to ${range.last}")
      s"None of the ${range.size} ports from $where is free on host $host for ${port.key}. " +
        "Widen the range in `ports`."
    }
  }

  private def tryListen(number: Int): Option[ServerSocketChannel] =
    try Some(listen(number))
    catch { case _: BindException => None }

  private def listen(number: Int): ServerSocketChannel = {
    val socket = ServerSocketChannel.open()
    try socket.bind(new InetSocketAddress(number), backlog)
    catch {
      case e: IOException =>
        socket.close()
        throw e
    }
  }
}
