package org.rayonspark.data

/**
 * How many bytes are in use in each executor's staging, and which reservations wait. Pure; all
 * transfers of a cluster share it.
 *
 * @param limits
 *   maximum bytes by executor
 * @param used
 *   bytes in use by executor
 * @param leaving
 *   the part of them that is being deleted
 * @param waiting
 *   reservations that did not fit, oldest first
 */
final case class StagingPoolState(
    limits: Map[String, Long],
    used: Map[String, Long] = Map.empty,
    leaving: Map[String, Long] = Map.empty,
    waiting: Vector[StagingPoolState.Waiting] = Vector.empty
) {

  /**
   * Reserves bytes, and returns the tickets that are granted now. A reservation is granted when it
   * fits, or when nothing else is staged: a block larger than the limit must pass too.
   */
  def reserve(executorId: String, bytes: Long, ticket: Long): (StagingPoolState, Vector[Long]) =
    copy(waiting = waiting :+ StagingPoolState.Waiting(executorId, bytes, ticket)).grant

  /**
   * Frees bytes, or uses more when `bytes` is negative. A block may be released before its writer
   * has added the bytes beyond its reservation, so the sum can be negative for a moment. It has no
   * floor at zero: with one, the bytes added later would count forever.
   */
  def release(executorId: String, bytes: Long): (StagingPoolState, Vector[Long]) = {
    val left = used.getOrElse(executorId, 0L) - bytes
    copy(used = if (left == 0) used - executorId else used.updated(executorId, left)).grant
  }

  /** These bytes are being deleted; they are in use until [[left]]. */
  def leave(executorId: String, bytes: Long): StagingPoolState =
    copy(leaving = leaving.updated(executorId, leaving.getOrElse(executorId, 0L) + bytes))

  /** These bytes are deleted. */
  def left(executorId: String, bytes: Long): (StagingPoolState, Vector[Long]) =
    leave(executorId, -bytes).release(executorId, bytes)

  /** Whether the oldest waiting reservation will still not fit after all running deletions. */
  def isShort(executorId: String): Boolean = waiting.find(_.executorId == executorId).exists { w =>
    val staying = used.getOrElse(executorId, 0L) - leaving.getOrElse(executorId, 0L)
    !fits(w, staying)
  }

  private def fits(reservation: StagingPoolState.Waiting, before: Long): Boolean =
    before <= 0 || before + reservation.bytes <= limits.getOrElse(reservation.executorId, 0L)

  /** Withdraws a reservation that still waits. Those behind it may be granted now. */
  def forget(ticket: Long): (StagingPoolState, Vector[Long]) =
    copy(waiting = waiting.filterNot(_.ticket == ticket)).grant

  private def grant: (StagingPoolState, Vector[Long]) =
    waiting.foldLeft((copy(waiting = Vector.empty), Vector.empty[Long])) {
      case ((state, granted), w) =>
        val before = state.used.getOrElse(w.executorId, 0L)
        // First come, first served; otherwise a large block could wait forever.
        val first = !state.waiting.exists(_.executorId == w.executorId)
        if (first && fits(w, before))
          (
            state.copy(used = state.used.updated(w.executorId, before + w.bytes)),
            granted :+ w.ticket
          )
        else (state.copy(waiting = state.waiting :+ w), granted)
    }
}

object StagingPoolState {
  final case class Waiting(executorId: String, bytes: Long, ticket: Long)
}
