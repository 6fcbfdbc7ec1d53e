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
import java.nio.channels.{Channel, DatagramChannel, Selector, ServerSocketChannel}
import java.util.concurrent.ThreadLocalRandom
import scala.annotation.tailrec

/**
 * Finds free ports on this host and holds them. Safe to call from many threads and processes.
 *
 * Ray binds some of its ports only seconds after they are released to it. So each port is also
 * claimed until its node has ended, by a UDP socket of the same number, on which Ray does not
 * listen: another node on this host that searches for ports passes over the claimed ones.
 *
 * Holds each port on every interface, loopback included: some of Ray's processes bind all
 * interfaces whatever they are told, and would collide with a node at another address of the same
 * machine.
 */
object PortAllocator {

  // Below the ports that Linux assigns to outgoing connections (32768 and up): these could take a
  // port between its release here and Ray's bind. Also below Kubernetes' node ports (30000 and up).
  private val unassigned: Range = 20000 until 30000
  private val backlog = 1024

  /**
   * Holds a free port for each of `ports`.
   *
   * @param host
   *   an address of this machine
   * @return
   *   the held ports, or a sentence that says which one is not available and why
   */
  def hold(
      host: String,
      ports: Vector[RayPort],
      policy: PortPolicy
  ): Either[String, HeldPorts] = hold(host, ports, policy, listen, () => Selector.open())

  /**
   * @param open
   *   listens on a port
   * @param select
   *   opens the selector that waits for connections to all ports
   */
  private[node] def hold(
      host: String,
      ports: Vector[RayPort],
      policy: PortPolicy,
      open: Int => ServerSocketChannel,
      select: () => Selector
  ): Either[String, HeldPorts] =
    checkLocal(host).flatMap { _ =>
      val (pinned, others) = ports.partition(policy.pins.contains)
      val bound = pinned.foldLeft(noPorts) { (held, port) =>
        held.flatMap(add(_, port, pin(host, port, policy.pins(port), open)))
      }
      val range = candidates(policy)
      others
        .foldLeft(bound)((held, port) => held.flatMap(add(_, port, pick(host, port, range, open))))
        .flatMap(acceptOn(host, _, select))
    }

  private def acceptOn(
      host: String,
      sockets: Sockets,
      select: () => Selector
  ): Either[String, HeldPorts] =
    try
      Right(
        new HeldPorts(
          sockets.map { case (port, socket) => port -> socket.listener },
          sockets.values.flatMap(_.claim).toVector,
          select(),
          _.accept(),
          HeldPorts.pause
        )
      )
    catch {
      case e: IOException =>
        sockets.values.foreach(_.close())
        Left(cannotOpen(host, "a selector", e))
      case e: Throwable =>
        sockets.values.foreach(_.close())
        throw e
    }

  private def cannotOpen(host: String, what: String, error: IOException): String =
    s"Host $host could not open $what (${error.getMessage}). Raise its limit on open files, or " +
      "close some."

  /** A port that this JVM listens on, and its claim, which stays when it is released. */
  private case class HeldPort(listener: ServerSocketChannel, claim: Option[DatagramChannel]) {
    def close(): Unit = {
      listener.close()
      claim.foreach(_.close())
    }
  }

  private type Sockets = Map[RayPort, HeldPort]
  private val noPorts: Either[String, Sockets] = Right(Map.empty)

  /** Adds a socket to those held. Closes all of them if the new one could not be opened. */
  private def add(
      held: Sockets,
      port: RayPort,
      socket: Either[String, HeldPort]
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
        s"""Address "$host" does not belong to this machine. Ray listens on the address that """ +
          "other hosts connect to, so it cannot run behind address translation (NAT). Set " +
          "`spark.driver.host`, or SPARK_LOCAL_IP on the executors, to an address that does."
      )
    } catch {
      case _: UnknownHostException =>
        Left(s"""Host "$host" cannot be resolved. Use an IP address.""")
      case e: IOException => Left(cannotOpen(host, "a socket", e))
    }

  private[node] def candidates(policy: PortPolicy): Vector[Int] = {
    // All pins, not only this node's: the node that a pin belongs to may start later.
    val taken = policy.pins.values.toSet
    policy.range
      .getOrElse(unassigned)
      .filterNot(port => taken(port) || policy.workers.exists(_.contains(port)))
      .toVector
  }

  private def pin(
      host: String,
      port: RayPort,
      number: Int,
      open: Int => ServerSocketChannel
  ): Either[String, HeldPort] =
    // The user has chosen the number: without its claim, where a UDP service uses it too.
    try Right(HeldPort(open(number), claim(number).getOrElse(None)))
    catch {
      case e: IOException =>
        Left(
          s"Port $number (${port.key}) on host $host is not available (${e.getMessage}). " +
            "Free it, or choose another number in `ports`."
        )
    }

  private def pick(
      host: String,
      port: RayPort,
      range: Vector[Int],
      open: Int => ServerSocketChannel
  ): Either[String, HeldPort] = {
    // A random start, so that nodes that search at the same time try different ports.
    val start = if (range.isEmpty) 0 else ThreadLocalRandom.current().nextInt(range.size)

    def noneFree: String = {
      val where = range.headOption.fold("its range")(first => s"$first to ${range.last}")
      s"None of the ${range.size} ports from $where is free on host $host for ${port.key}. " +
        "Widen the range in `ports`."
    }

    @tailrec def next(tried: Int): Either[String, HeldPort] =
      if (tried == range.size) Left(noneFree)
      else
        tryListen(range((start + tried) % range.size), open) match {
          case Right(None) => next(tried + 1)
          case Right(Some(socket)) => Right(socket)
          case Left(error) => Left(cannotOpen(host, s"a socket for ${port.key}", error))
        }

    next(0)
  }

  /** None if the port is already in use or claimed. */
  private def tryListen(
      number: Int,
      open: Int => ServerSocketChannel
  ): Either[IOException, Option[HeldPort]] =
    claim(number).flatMap {
      case None => Right(None)
      case claimed @ Some(channel) =>
        unlessInUse(open(number)) match {
          case Right(Some(listener)) => Right(Some(HeldPort(listener, claimed)))
          case other =>
            channel.close()
            other.map(_ => None)
        }
    }

  /** Whether the port belongs to a node, which may not listen there yet. */
  def isClaimed(number: Int): Boolean = claim(number) match {
    case Right(Some(channel)) =>
      channel.close()
      false
    case Right(None) => true
    case Left(_) => false
  }

  private def claim(number: Int): Either[IOException, Option[DatagramChannel]] =
    try {
      val channel = DatagramChannel.open()
      unlessInUse(bindOrClose(channel)(channel.bind(new InetSocketAddress(number))))
    } catch { case e: IOException => Left(e) }

  /** None if `bind` finds the port in use. */
  private def unlessInUse[A](bind: => A): Either[IOException, Option[A]] =
    try Right(Some(bind))
    catch {
      case _: BindException => Right(None)
      case e: IOException => Left(e)
    }

  private def listen(number: Int): ServerSocketChannel = {
    val socket = ServerSocketChannel.open()
    bindOrClose(socket)(socket.bind(new InetSocketAddress(number), backlog))
  }

  private def bindOrClose[A <: Channel](channel: A)(bind: => A): A =
    try bind
    catch {
      case e: IOException =>
        channel.close()
        throw e
    }
}
