package org.rayonspark.route

import org.apache.spark.rayonspark.{SparkNetwork, SparkNetworkHandler}
import org.rayonspark.conf.PortPolicy
import org.rayonspark.node.{NodeRoute, NodeRouteFactory, StagingDirectory}
import org.rayonspark.rendezvous.{RouteAddress, Wire}

import java.nio.ByteBuffer
import java.security.SecureRandom
import java.util.concurrent.ConcurrentHashMap

/**
 * Lets executors of other hosts read and write the files of this host's staging, once both sides
 * have shown that they know the secret; all bytes are encrypted.
 */
final class RouteServer private (
    host: String,
    port: Int,
    secret: String,
    handler: RouteServer.Handler,
    server: AutoCloseable
) extends NodeRoute {
  override val address: RouteAddress = RouteAddress(host, port, secret)

  override def close(): Unit = {
    server.close()
    handler.close()
  }
}

object RouteServer extends NodeRouteFactory {
  private val secretBytes = 32
  private val random = new SecureRandom()

  override def open(
      host: String,
      ports: PortPolicy,
      directory: StagingDirectory
  ): Either[String, RouteServer] = {
    val bytes = new Array[Byte](secretBytes)
    random.nextBytes(bytes)
    val secret = bytes.map("%02x".format(_)).mkString
    val handler = new Handler(directory)
    SparkNetwork
      .listen(host, ports.range.fold(Vector(0))(_.toVector), secret, handler)
      .map { case (port, server) => new RouteServer(host, port, secret, handler, server) }
      .toRight(
        s"No port of the range in `ports` is free on host $host for data from other hosts. Widen " +
          "the range."
      )
  }

  /** Drafts are their connection's until they are published: they go with it. */
  private final class Handler(directory: StagingDirectory)
      extends SparkNetworkHandler
      with AutoCloseable {
    private val drafts = new ConcurrentHashMap[AnyRef, Set[String]]

    override def answer(peer: AnyRef, question: ByteBuffer): ByteBuffer =
      Frame.question(question) match {
        case RouteQuestion.Append(draft) =>
          drafts.merge(peer, Set(draft), (a, b) => a ++ b)
          directory.append(draft, question)
          Frame.nothing
        case RouteQuestion.Publish(draft, path) =>
          directory.publish(draft, path)
          drafts.computeIfPresent(peer, (_, some) => some - draft)
          Frame.nothing
        case RouteQuestion.Delete(path) =>
          directory.delete(Vector(path))
          Frame.nothing
        case RouteQuestion.Size(path) =>
          ByteBuffer.allocate(8).putLong(directory.size(path).getOrElse(-1L)).flip()
        case RouteQuestion.Read(path, from, count) =>
          val bytes = ByteBuffer.allocate(count)
          directory.read(path, from, bytes)
          bytes.flip()
      }

    override def gone(peer: AnyRef): Unit =
      Option(drafts.remove(peer)).foreach(some => directory.delete(some.toVector))

    override def close(): Unit = drafts.keySet.forEach(gone(_))
  }
}

/** A question and the bytes that follow it, as one buffer. */
private[route] object Frame {
  def nothing: ByteBuffer = ByteBuffer.allocate(0)

  def apply(question: RouteQuestion, bytes: ByteBuffer): ByteBuffer = {
    val header = Wire.encode(question)
    ByteBuffer
      .allocate(Integer.BYTES + header.length + bytes.remaining)
      .putInt(header.length)
      .put(header)
      .put(bytes)
      .flip()
  }

  /** Reads the question; the bytes are left. */
  def question(frame: ByteBuffer): RouteQuestion = {
    val header = new Array[Byte](frame.getInt())
    frame.get(header)
    Wire.decode[RouteQuestion](header)
  }
}
