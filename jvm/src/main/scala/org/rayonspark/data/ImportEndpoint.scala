package org.rayonspark.data

import org.rayonspark.rpc.Wire

import scala.concurrent.ExecutionContext
import scala.util.{Failure, Success}

/**
 * Answers, on the driver, the requests of the readers of an import.
 *
 * @param preferredLocations
 *   best location to read each block, by block number
 */
private[data] final class ImportEndpoint(
    staging: Staging,
    tracker: ImportTracker,
    files: StagedFiles,
    blocks: Vector[ImportBlock],
    preferredLocations: Vector[StagingLocation]
) {

  /** Answers a request. Never blocks: an answer that has to wait is sent later. */
  def answer(bytes: Array[Byte], reply: Array[Byte] => Unit): Unit = {
    def respond(answer: ImportResponse): Unit = reply(Wire.encode(answer))
    Wire.decode[ImportRequest](bytes) match {
      case ImportRequest.Done(executorId, path) =>
        files.done(executorId, path)
        respond(ImportResponse.Noted)
      case ImportRequest.OpenStagingServer(executorId) => openStagingServer(executorId, respond)
      case ImportRequest.Fetch(block, executorId, missing) =>
        missing.foreach(files.gone)
        fetch(block, ImportReader(executorId, respond))
    }
  }

  private def fetch(block: Int, reader: ImportReader): Unit =
    (tracker.state.over, locationFor(reader.executorId, preferredLocations(block))) match {
      case (Some(why), _) => reader.respond(ImportResponse.Refused(why.getMessage))
      case (None, None) => reader.respond(ImportResponse.Refused(ImportEndpoint.noNode))
      case (None, Some(location)) =>
        val hosts = Set(preferredLocations(block).sparkHost, location.sparkHost) ++
          staging.hostOf(reader.executorId)
        tracker.change(s => (s.read(blocks(block).bytes, local = hosts.size == 1), ()))
        files.want(block, location, Some(reader))
    }

  /**
   * Returns the reader's own location, else one on its host, else the block's preferred one, else
   * any other.
   */
  private def locationFor(
      executorId: String,
      preferred: StagingLocation
  ): Option[StagingLocation] = {
    val host = staging.hostOf(executorId)
    staging.locations.minByOption { p =>
      (
        p.executorId != executorId,
        !host.contains(p.sparkHost),
        p.executorId != preferred.executorId,
        p.executorId == "driver"
      )
    }
  }

  private def openStagingServer(executorId: String, respond: ImportResponse => Unit): Unit =
    staging
      .stagingAddress(executorId)
      .onComplete {
        case Success(address) => respond(ImportResponse.Address(address))
        case Failure(error) =>
          respond(
            ImportResponse.Refused(
              s"The staging of executor $executorId cannot be reached from another host: $error. " +
                "Read the DataFrame again."
            )
          )
      }(ExecutionContext.parasitic)
}

private[data] object ImportEndpoint {
  private val noNode: String =
    "The Ray nodes of the cluster are gone. Look for the reason in the cluster's log, then read " +
      "the DataFrame again."
}
