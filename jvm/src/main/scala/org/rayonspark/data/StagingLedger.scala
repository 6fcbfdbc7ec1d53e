package org.rayonspark.data

/**
 * Who has how many bytes in the staging of which executor: a pure fold, shared by all that moves
 * data in one cluster.
 *
 * @param used
 *   bytes by executor
 * @param leaving
 *   those of them that are being deleted
 * @param waiting
 *   claims that found no room, in their order
 */
final case class StagingLedger(
    limits: Map[String, Long],
    used: Map[String, Long] = Map.empty,
    leaving: Map[String, Long] = Map.empty,
    waiting: Vector[StagingLedger.Waiting] = Vector.empty
) {

  /**
   * Claims bytes; with it come all that may now go. A claim goes when it fits, or when nothing else
   * is there: a block larger than the limit must pass too.
   */
  def claim(executorId: String, bytes: Long, ticket: Long): (StagingLedger, Vector[Long]) =
    copy(waiting = waiting :+ StagingLedger.Waiting(executorId, bytes, ticket)).grant

  /** Gives bytes back, or takes more when `bytes` is negative. */
  def free(executorId: String, bytes: Long): (StagingLedger, Vector[Long]) = {
    val left = used.getOrElse(executorId, 0L) - bytes
    copy(used = if (left > 0) used.updated(executorId, left) else used - executorId).grant
  }

  /** These bytes are being deleted: they are in use until `left`. */
  def leave(executorId: String, bytes: Long): StagingLedger =
    copy(leaving = leaving.updated(executorId, leaving.getOrElse(executorId, 0L) + bytes))

  def left(executorId: String, bytes: Long): (StagingLedger, Vector[Long]) =
    leave(executorId, -bytes).free(executorId, bytes)

  /** Whether the first claim that waits will have no room when all that leaves has left. */
  def isShort(executorId: String): Boolean = waiting.find(_.executorId == executorId).exists { w =>
    val staying = used.getOrElse(executorId, 0L) - leaving.getOrElse(executorId, 0L)
    !fits(w, staying)
  }

  private def fits(claim: StagingLedger.Waiting, before: Long): Boolean =
    before <= 0 || before + claim.bytes <= limits.getOrElse(claim.executorId, 0L)

  /** Takes back a claim that still waits; those behind it may go now. */
  def forget(ticket: Long): (StagingLedger, Vector[Long]) =
    copy(waiting = waiting.filterNot(_.ticket == ticket)).grant

  private def grant: (StagingLedger, Vector[Long]) =
    waiting.foldLeft((copy(waiting = Vector.empty), Vector.empty[Long])) {
      case ((ledger, granted), w) =>
        val before = ledger.used.getOrElse(w.executorId, 0L)
        // Those who came first go first, else a large block would wait for ever.
        val first = !ledger.waiting.exists(_.executorId == w.executorId)
        if (first && fits(w, before))
          (
            ledger.copy(used = ledger.used.updated(w.executorId, before + w.bytes)),
            granted :+ w.ticket
          )
        else (ledger.copy(waiting = ledger.waiting :+ w), granted)
    }
}

object StagingLedger {
  final case class Waiting(executorId: String, bytes: Long, ticket: Long)
}
