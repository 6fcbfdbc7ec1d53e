package org.rayonspark.route

import org.apache.spark.rayonspark.{SparkNetwork, SparkNetworkClient}
import org.rayonspark.rendezvous.RouteAddress

import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.ReadableByteChannel

/** The files of another host's staging; closing it ends the connection. */
final class RouteFiles private (connection: SparkNetworkClient) extends StagingFiles {
  import RouteFiles._

  override def create(draft: String): StagingSink = new Sink(draft)
  override def publish(draft: String, path: String): Unit = tell(
    RouteQuestion.Publish(draft, path)
  )
  override def delete(path: String): Unit = tell(RouteQuestion.Delete(path))

  override def open(path: String): Option[ReadableByteChannel] = {
    val size = ask(RouteQuestion.Size(path), Frame.nothing).getLong()
    Option.when(size >= 0)(new Source(path, size))
  }

  override def close(): Unit = connection.close()

  private def tell(question: RouteQuestion): Unit = {
    ask(question, Frame.nothing)
    ()
  }

  private def ask(question: RouteQuestion, bytes: ByteBuffer): ByteBuffer =
    connection.ask(Frame(question, bytes))

  /** Arrow writes many small pieces: they are sent in large ones. */
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
      ask(RouteQuestion.Append(draft), piece.flip())
      piece.clear()
      sent = true
    }
  }

  private final class Source(path: String, size: Long) extends ReadableByteChannel {
    private var piece = Frame.nothing
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
      piece = ask(RouteQuestion.Read(path, from, count), Frame.nothing)
      if (!piece.hasRemaining) throw new IOException(s"$path ended at byte $from of $size")
      from += piece.remaining
    }

    override def isOpen: Boolean = open
    override def close(): Unit = open = false
  }
}

object RouteFiles {

  /** Large enough that a question's way there and back does not count. */
  private val pieceBytes = 4 << 20

  /**
   * @throws IOException
   *   when nobody answers there, or the secret is not theirs
   */
  def connect(address: RouteAddress): RouteFiles =
    new RouteFiles(SparkNetwork.connect(address.host, address.port, address.secret))
}
