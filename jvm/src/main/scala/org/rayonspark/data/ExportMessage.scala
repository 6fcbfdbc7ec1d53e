package org.rayonspark.data

import org.rayonspark.rendezvous.RouteAddress

/** What a task that encodes a partition asks of the driver. */
sealed trait ExportQuestion extends Product with Serializable

object ExportQuestion {

  /** An attempt at a partition begins. Answered by [[ExportAnswer.Known]]. */
  final case class Begin(partition: Int) extends ExportQuestion

  /**
   * Where may that executor stage a block? Answered by [[ExportAnswer.Granted]], when there is
   * room.
   */
  final case class Reserve(claim: Claim) extends ExportQuestion

  /**
   * The file is there; `last` says that it has the partition's last rows. Answered by
   * [[ExportAnswer.Kept]].
   */
  final case class Written(claim: Claim, path: String, rows: Long, bytes: Long, last: Boolean)
      extends ExportQuestion

  /** Where is that executor's staging reached from here? Answered by [[ExportAnswer.Route]]. */
  final case class OpenRoute(executorId: String) extends ExportQuestion

  /** Nothing came of a claim. Answered by [[ExportAnswer.Kept]]. */
  final case class GaveUp(claim: Claim) extends ExportQuestion
}

/** What the driver answers. */
sealed trait ExportAnswer extends Product with Serializable

object ExportAnswer {

  /**
   * The blocks that are known of a partition, from an attempt before: their rows, and whether they
   * are wanted again. `whole` says that there are no others.
   */
  final case class Known(blocks: Vector[KnownBlock], whole: Boolean) extends ExportAnswer

  /** In that directory, beside that executor's node. */
  final case class Granted(executorId: String, directory: String) extends ExportAnswer

  final case class Route(address: RouteAddress) extends ExportAnswer

  /** False: another attempt was quicker, and the file is to be deleted. */
  final case class Kept(kept: Boolean) extends ExportAnswer

  /** There is nothing to be done; `why` is a whole sentence. */
  final case class Refused(why: String) extends ExportAnswer
}

final case class KnownBlock(rows: Long, wanted: Boolean)

/**
 * One attempt's wish to stage one block.
 *
 * @param executorId
 *   who encodes it
 */
final case class Claim(
    executorId: String,
    partition: Int,
    sequence: Int,
    attempt: Long,
    bytes: Long
) {

  /** Names of the block's file while it is written, and when it is whole. */
  def draft(prefix: String): String = s"${name(prefix)}.tmp"
  def file(prefix: String): String = s"${name(prefix)}.arrow"

  private def name(prefix: String) = s"$prefix-$partition-$sequence-$attempt"
}
