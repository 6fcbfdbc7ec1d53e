package org.rayonspark.data

import org.rayonspark.ExchangeException
import org.rayonspark.rendezvous.Transport
import org.rayonspark.route.{RouteFiles, StagingFiles}

import java.io.IOException
import java.nio.channels.ReadableByteChannel
import scala.annotation.tailrec

/**
 * The driver's end of a frame from Ray, as the reader of one block sees it.
 *
 * @param killed
 *   whether the reader shall stop
 */
private[data] final class ImportDesk(
    transport: Transport,
    name: String,
    executorId: String,
    killed: () => Boolean
) {
  private val driver =
    try new TaskDesk(transport, name, killed)
    catch {
      case e: IOException =>
        throw new ExchangeException(
          "The DataFrame from Ray is released, or its cluster is stopped. Give the Dataset to " +
            "Spark again, or cache the DataFrame before.",
          e
        )
    }

  /** Waits until the block is staged. */
  def fetch(block: Int): ImportDesk.Fetched = fetch(block, None)

  @tailrec
  private def fetch(block: Int, missing: Option[String]): ImportDesk.Fetched = {
    val at = ask(ImportQuestion.Fetch(block, executorId, missing)) { case at: ImportAnswer.At =>
      at
    }
    val files = filesAt(at)
    val opened =
      try files.open(at.path)
      catch {
        case e: IOException =>
          files.close()
          throw e
      }
    opened match {
      case Some(channel) =>
        new ImportDesk.Fetched(
          channel,
          () =>
            try files.close()
            finally done(at.path)
        )
      case None =>
        files.close()
        fetch(block, Some(at.path))
    }
  }

  private def filesAt(at: ImportAnswer.At): StagingFiles =
    if (StagingFiles.isHere(at.directory)) StagingFiles.Here
    else
      RouteFiles.connect(ask(ImportQuestion.OpenRoute(at.executorId)) {
        case ImportAnswer.Route(address) => address
      })

  private def done(path: String): Unit = driver.tell(ImportQuestion.Done(executorId, path))

  private def ask[A](question: ImportQuestion)(read: PartialFunction[ImportAnswer, A]): A =
    read.applyOrElse(
      driver.ask[ImportAnswer](question),
      (other: ImportAnswer) =>
        other match {
          case ImportAnswer.Refused(why) => throw new ExchangeException(why)
          case strange =>
            throw new IllegalStateException(s"The driver answered $strange to $question")
        }
    )
}

private[data] object ImportDesk {

  /** A block's bytes; closing it lets the file go. */
  final class Fetched(val channel: ReadableByteChannel, end: () => Unit) extends AutoCloseable {
    override def close(): Unit =
      try channel.close()
      finally end()
  }
}
