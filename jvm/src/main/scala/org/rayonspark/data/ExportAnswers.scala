package org.rayonspark.data

import org.rayonspark.rendezvous.Wire

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
      case ExportQuestion.Written(claim, path, rows, size, last) =>
        say(ExportAnswer.Kept(written(claim, path, rows, size, last)))
    }
  }

  private def reserve(claim: Claim, say: ExportAnswer => Unit): Unit =
    place(claim.executorId) match {
      case None => say(ExportAnswer.Refused(noNode(claim.executorId)))
      case Some(place) =>
        claims.reserve(claim)(() => say(ExportAnswer.Granted(place.directory)))
    }

  private def written(
      claim: Claim,
      path: String,
      rows: Long,
      size: Long,
      last: Boolean
  ): Boolean = {
    val kept = place(claim.executorId).exists { p =>
      book.written(
        StagedBlock(
          0,
          claim.partition,
          claim.sequence,
          p.executorId,
          p.rayNodeId,
          path,
          rows,
          size
        ),
        claim.attempt,
        last
      )
    }
    claims.settle(claim, if (kept) size else 0)
    kept
  }

  private def place(executorId: String): Option[StagingPlace] =
    staging.places.find(_.executorId == executorId)

  private def noNode(executorId: String): String =
    s"Spark executor $executorId has no Ray node. Start a node on every executor (num_nodes)."
}
