package org.rayonspark.data

import org.rayonspark.ExchangeException
import org.rayonspark.rpc.Transport
import org.rayonspark.remote.{RemoteStagingFiles, StagingFiles}

import java.io.IOException
import java.nio.channels.ReadableByteChannel
import scala.annotation.tailrec

/**
 * A reader's client of the driver's endpoint of a frame from Ray.
 *
 * @param killed
 *   whether the reader must stop
 */
private[data] final class ImportClient(
    transport: Transport,
    name: String,
    executorId: String,
    killed: () => Boolean
) {
  private val driver =
    try new DriverClient(transport, name, killed)
    catch {
      case e: IOException =>
        throw new ExchangeException(
          "The DataFrame from Ray has been released, or its cluster has stopped. Call to_spark " +
            "again, or cache the DataFrame before you stop the cluster.",
          e
        )
    }

  /** Waits until the block is staged, and opens it. */
  def fetch(block: Int): ImportClient.Fetched = fetch(block, None)

  @tailrec
  private def fetch(block: Int, missing: Option[String]): ImportClient.Fetched = {
    val at = ask(ImportRequest.Fetch(block, executorId, missing)) { case at: ImportResponse.At =>
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
        new ImportClient.Fetched(
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

  private def filesAt(at: ImportResponse.At): StagingFiles =
    if (StagingFiles.isHere(at.directory)) StagingFiles.Here
    else
      RemoteStagingFiles.connect(ask(ImportRequest.OpenStagingServer(at.executorId)) {
        case ImportResponse.Address(address) => address
      })

  private def done(path: String): Unit = driver.tell(ImportRequest.Done(executorId, path))

  private def ask[A](request: ImportRequest)(read: PartialFunction[ImportResponse, A]): A =
    read.applyOrElse(
      driver.ask[ImportResponse](request),
      (other: ImportResponse) =>
        other match {
          case ImportResponse.Refused(why) => throw new ExchangeException(why)
          case unexpected =>
            throw new IllegalStateException(s"The driver answered $unexpected to $request")
        }
    )
}

private[data] object ImportClient {

  /** A block's bytes. Once this is closed, the driver may evict the file. */
  final class Fetched(val channel: ReadableByteChannel, onClose: () => Unit) extends AutoCloseable {
    override def close(): Unit =
      try channel.close()
      finally onClose()
  }
}
