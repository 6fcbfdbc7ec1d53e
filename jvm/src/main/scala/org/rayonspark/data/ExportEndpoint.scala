package org.rayonspark.data

import org.rayonspark.rpc.Wire

import scala.concurrent.ExecutionContext
import scala.util.{Failure, Success}

/** Answers, on the driver, the requests of the tasks of an export. */
private[data] final class ExportEndpoint(
    staging: Staging,
    tracker: ExportTracker,
    reservations: ExportReservations
) {

  /** Answers a request. Never blocks: an answer that has to wait is sent later. */
  def answer(bytes: Array[Byte], reply: Array[Byte] => Unit): Unit = {
    def respond(answer: ExportResponse): Unit = reply(Wire.encode(answer))
    Wire.decode[ExportRequest](bytes) match {
      case ExportRequest.Abandon(reservation) =>
        reservations.settle(reservation, 0)
        respond(ExportResponse.Accepted(false))
      case _ if tracker.over.isDefined =>
        tracker.over.foreach(why => respond(ExportResponse.Refused(why)))
      case ExportRequest.Begin(partition) =>
        respond(tracker.state.known(partition).fold(ExportResponse.Refused(_), identity))
      case ExportRequest.Reserve(reservation) => reserve(reservation, respond)
      case ExportRequest.OpenStagingServer(executorId) => openStagingServer(executorId, respond)
      case ExportRequest.Written(reservation, path, rows, size, last) =>
        respond(written(reservation, path, rows, size, last))
    }
  }

  private def reserve(reservation: Reservation, respond: ExportResponse => Unit): Unit =
    locationFor(reservation.executorId) match {
      case None => respond(ExportResponse.Refused(ExportEndpoint.noNode))
      case Some(location) =>
        reservations.reserve(reservation, location)(() =>
          respond(ExportResponse.Granted(location.executorId, location.directory))
        )
    }

  /** Returns the executor's own location, else the least used one, on its host if possible. */
  private def locationFor(executorId: String): Option[StagingLocation] = {
    val locations = staging.locations
    locations.find(_.executorId == executorId).orElse {
      val host = staging.hostOf(executorId)
      // On each host the driver's location comes last: the driver runs the user's program.
      locations.minByOption { p =>
        (!host.contains(p.sparkHost), p.executorId == "driver", staging.pool.used(p.executorId))
      }
    }
  }

  private def openStagingServer(executorId: String, respond: ExportResponse => Unit): Unit =
    staging
      .stagingAddress(executorId)
      .onComplete {
        case Success(address) => respond(ExportResponse.Address(address))
        case Failure(error) => respond(ExportResponse.Refused(error.getMessage))
      }(ExecutionContext.parasitic)

  private def written(
      reservation: Reservation,
      path: String,
      rows: Long,
      size: Long,
      last: Boolean
  ): ExportResponse = {
    val location = reservations
      .location(reservation)
      .filter(p => staging.locations.exists(_.rayNodeId == p.rayNodeId))
    val accepted = location.exists { p =>
      val block = StagedBlock(
        id = 0,
        reservation.partition,
        reservation.sequence,
        p.executorId,
        p.rayNodeId,
        path,
        rows,
        size,
        local = staging.hostOf(reservation.executorId).contains(p.sparkHost)
      )
      tracker.written(block, reservation.attempt, last)
    }
    reservations.settle(reservation, if (accepted) size else 0)
    // Without a node the task must fail and be retried: no other attempt has the block.
    if (location.isEmpty) ExportResponse.Refused(ExportEndpoint.noNode)
    else ExportResponse.Accepted(accepted)
  }
}

private[data] object ExportEndpoint {
  private val noNode =
    "The Ray node for this block is gone. Look for the reason in the cluster's log, then move " +
      "the DataFrame again."
}
