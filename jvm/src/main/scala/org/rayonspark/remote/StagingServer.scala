package org.rayonspark.remote

import org.apache.spark.rayonspark.{SparkNetwork, SparkNetworkHandler}
import org.rayonspark.conf.PortPolicy
import org.rayonspark.node.{PortAllocator, StagingAccess, StagingAccessFactory, StagingDirectory}
import org.rayonspark.rpc.{StagingAddress, Wire}

import java.io.IOException
import java.nio.ByteBuffer
import java.security.SecureRandom
import java.util.concurrent.ConcurrentHashMap

/**
 * Serves the staging of this host's node to executors on other hosts, which read and write its
 * files. Both sides must prove that they know the secret, and all bytes are encrypted.
 */
final class StagingServer private (
    host: String,
    port: Int,
    secret: String,
    handler: StagingServer.Handler,
    server: AutoCloseable
) extends StagingAccess {
  override val address: StagingAddress = StagingAddress(host, port, secret)

  override def close(): Unit = {
    server.close()
    handler.close()
  }
}

object StagingServer extends StagingAccessFactory {
  private val secretBytes = 32
  private val random = new SecureRandom()

  override def open(
      host: String,
      ports: PortPolicy,
      directory: StagingDirectory
  ): Either[String, StagingServer] = {
    val bytes = new Array[Byte](secretBytes)
    random.nextBytes(bytes)
    val secret = bytes.map("%02x".format(_)).mkString
    val handler = new Handler(directory)
    SparkNetwork
      .listen(host, candidates(ports), secret, handler)
      .map { case (port, server) => new StagingServer(host, port, secret, handler, server) }
      .toRight(
        s"No port in the range of `ports` is free on host $host for the staging server. " +
          "Widen the range."
      )
  }

  /** Each is looked at when the server tries it. */
  private def candidates(ports: PortPolicy): Iterator[Int] =
    ports.range.fold(Iterator(0))(_.iterator.filterNot(PortAllocator.isClaimed))

  /** A draft belongs to its connection until it is published, and is deleted with it. */
  private final class Handler(directory: StagingDirectory)
      extends SparkNetworkHandler
      with AutoCloseable {
    private val drafts = new ConcurrentHashMap[AnyRef, Set[String]]

    override def answer(peer: AnyRef, request: ByteBuffer): ByteBuffer =
      RequestFrame.request(request) match {
        case StagingRequest.Append(draft) =>
          drafts.merge(peer, Set(draft), (a, b) => a ++ b)
          directory.append(draft, request)
          RequestFrame.nothing
        case StagingRequest.Publish(draft, path) =>
          directory.publish(draft, path)
          drafts.computeIfPresent(peer, (_, some) => some - draft)
          RequestFrame.nothing
        case StagingRequest.Delete(path) =>
          directory.delete(Vector(path))
          RequestFrame.nothing
        case StagingRequest.Size(path) =>
          ByteBuffer.allocate(8).putLong(directory.size(path).getOrElse(-1L)).flip()
        case StagingRequest.Read(path, from, count) =>
          if (count < 0 || count > RequestFrame.maxPieceBytes)
            throw new IOException(
              s"$count bytes of a file were requested at once; the maximum is " +
                s"${RequestFrame.maxPieceBytes}."
            )
          val bytes = ByteBuffer.allocate(count)
          directory.read(path, from, bytes)
          bytes.flip()
      }

    override def disconnected(peer: AnyRef): Unit =
      Option(drafts.remove(peer)).foreach(some => directory.delete(some.toVector))

    override def close(): Unit = drafts.keySet.forEach(disconnected(_))
  }
}

/** A request and the bytes that follow it, as one buffer. */
private[remote] object RequestFrame {

  /** Large enough to make the round trip of a request negligible. */
  val maxPieceBytes: Int = 4 << 20

  // A request has two paths at most.
  private val maxHeaderBytes = 64 << 10

  def nothing: ByteBuffer = ByteBuffer.allocate(0)

  def apply(request: StagingRequest, bytes: ByteBuffer): ByteBuffer = {
    val header = Wire.encode(request)
    ByteBuffer
      .allocate(Integer.BYTES + header.length + bytes.remaining)
      .putInt(header.length)
      .put(header)
      .put(bytes)
      .flip()
  }

  /** Reads the request, and leaves the buffer at the bytes that follow it. */
  def request(frame: ByteBuffer): StagingRequest = {
    val length = if (frame.remaining < Integer.BYTES) -1 else frame.getInt()
    if (length < 0 || length > frame.remaining.min(maxHeaderBytes))
      throw new IOException(
        s"A frame claims a request of $length bytes; ${frame.remaining} bytes follow, and the " +
          s"maximum is $maxHeaderBytes."
      )
    val header = new Array[Byte](length)
    frame.get(header)
    Wire.decode[StagingRequest](header)
  }
}
