package org.rayonspark.remote

import org.apache.spark.rayonspark.{SparkNetwork, SparkNetworkClient}
import org.rayonspark.rpc.StagingAddress

import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.ReadableByteChannel

/** Accesses the files of another host's staging. Closing it closes the connection. */
final class RemoteStagingFiles private (connection: SparkNetworkClient) extends StagingFiles {
  import RemoteStagingFiles._

  override def create(draft: String): StagingSink = new Sink(draft)
  override def publish(draft: String, path: String): Unit = send(
    StagingRequest.Publish(draft, path)
  )
  override def delete(path: String): Unit = send(StagingRequest.Delete(path))

  override def open(path: String): Option[ReadableByteChannel] = {
    val size = ask(StagingRequest.Size(path), RequestFrame.nothing).getLong()
    Option.when(size >= 0)(new Source(path, size))
  }

  override def close(): Unit = connection.close()

  private def send(request: StagingRequest): Unit = {
    ask(request, RequestFrame.nothing)
    ()
  }

  private def ask(request: StagingRequest, bytes: ByteBuffer): ByteBuffer =
    connection.ask(RequestFrame(request, bytes))

  /** Collects the many small pieces that Arrow writes, and sends them in large ones. */
  private final class Sink(draft: String) extends StagingSink {
    private val piece = ByteBuffer.allocate(pieceBytes)
    private var written = 0L
    private var sent = false
    private var open = true

    override def size: Long = written

    override def write(bytes: ByteBuffer): Int = {
      val count = bytes.remaining
      while (bytes.hasRemaining) {
        val part = bytes.duplicate().limit(bytes.position() + bytes.remaining.min(piece.remaining))
        piece.put(part)
        bytes.position(part.position())
        if (!piece.hasRemaining) flush()
      }
      written += count
      count
    }

    override def isOpen: Boolean = open

    override def close(): Unit = if (open) {
      open = false
      if (piece.position() > 0 || !sent) flush()
    }

    private def flush(): Unit = {
      ask(StagingRequest.Append(draft), piece.flip())
      piece.clear()
      sent = true
    }
  }

  private final class Source(path: String, size: Long) extends ReadableByteChannel {
    private var piece = RequestFrame.nothing
    private var from = 0L
    private var open = true

    override def read(into: ByteBuffer): Int =
      if (!piece.hasRemaining && from == size) -1
      else {
        if (!piece.hasRemaining) fetch()
        val part = piece.duplicate().limit(piece.position() + piece.remaining.min(into.remaining))
        val count = part.remaining
        into.put(part)
        piece.position(part.position())
        count
      }

    private def fetch(): Unit = {
      val count = (size - from).min(pieceBytes.toLong).toInt
      piece = ask(StagingRequest.Read(path, from, count), RequestFrame.nothing)
      if (!piece.hasRemaining) throw new IOException(s"$path ended at byte $from of $size")
      from += piece.remaining
    }

    override def isOpen: Boolean = open
    override def close(): Unit = open = false
  }
}

object RemoteStagingFiles {

  private val pieceBytes = RequestFrame.maxPieceBytes

  /**
   * Connects to a staging server.
   *
   * @throws IOException
   *   when no server answers there, or its secret is another one
   */
  def connect(address: StagingAddress): RemoteStagingFiles =
    new RemoteStagingFiles(SparkNetwork.connect(address.host, address.port, address.secret))
}
