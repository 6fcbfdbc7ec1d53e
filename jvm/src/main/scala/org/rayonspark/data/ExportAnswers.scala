package org.rayonspark.data

import org.rayonspark.rendezvous.Wire

import scala.concurrent.ExecutionContext
import scala.util.{Failure, Success}

/** What the driver answers to the tasks of an export. */
private[data] final class ExportAnswers(
    staging: Staging,
    book: ExportBook,
    claims: ExportClaims
) {

  /** Never blocks: an answer that has to wait is given later. */
  def answer(bytes: Array[Byte], reply: Array[Byte] => Unit): Unit = {
    def say(answer: ExportAnswer): Unit = reply(Wire.encode(answer))
    Wire.decode[ExportQuestion](bytes) match {
      case ExportQuestion.GaveUp(claim) =>
        claims.settle(claim, 0)
        say(ExportAnswer.Kept(false))
      case _ if book.over.isDefined => book.over.foreach(why => say(ExportAnswer.Refused(why)))
      case ExportQuestion.Begin(partition) =>
        say(book.state.known(partition).fold(ExportAnswer.Refused(_), identity))
      case ExportQuestion.Reserve(claim) => reserve(claim, say)
      case ExportQuestion.OpenRoute(executorId) => route(executorId, say)
      case ExportQuestion.Written(claim, path, rows, size, last) =>
        say(written(claim, path, rows, size, last))
    }
  }

  private def reserve(claim: Claim, say: ExportAnswer => Unit): Unit =
    placeFor(claim.executorId) match {
      case None => say(ExportAnswer.Refused(ExportAnswers.noNode))
      case Some(place) =>
        claims.reserve(claim, place)(() =>
          say(ExportAnswer.Granted(place.executorId, place.directory))
        )
    }

  /** The executor's own place, or else the emptiest, on its own host if there is one. */
  private def placeFor(executorId: String): Option[StagingPlace] = {
    val places = staging.places
    places.find(_.executorId == executorId).orElse {
      val host = staging.hostOf(executorId)
      // The driver's is the last: it has a program to run.
      places.minByOption { p =>
        (!host.contains(p.sparkHost), p.executorId == "driver", staging.room.used(p.executorId))
      }
    }
  }

  private def route(executorId: String, say: ExportAnswer => Unit): Unit =
    staging
      .route(executorId)
      .onComplete {
        case Success(address) => say(ExportAnswer.Route(address))
        case Failure(error) => say(ExportAnswer.Refused(error.getMessage))
      }(ExecutionContext.parasitic)

  private def written(
      claim: Claim,
      path: String,
      rows: Long,
      size: Long,
      last: Boolean
  ): ExportAnswer = {
    val place = claims.place(claim).filter(p => staging.places.exists(_.rayNodeId == p.rayNodeId))
    val kept = place.exists { p =>
      val block = StagedBlock(
        id = 0,
        claim.partition,
        claim.sequence,
        p.executorId,
        p.rayNodeId,
        path,
        rows,
        size,
        local = staging.hostOf(claim.executorId).contains(p.sparkHost)
      )
      book.written(block, claim.attempt, last)
    }
    claims.settle(claim, if (kept) size else 0)
    // The task must fail then, to be tried again: nobody else has the block.
    if (place.isEmpty) ExportAnswer.Refused(ExportAnswers.noNode) else ExportAnswer.Kept(kept)
  }
}

private[data] object ExportAnswers {
  private val noNode =
    "The Ray node that the block was for is gone. Look for its end in the cluster's log, and move " +
      "the DataFrame again."
}
