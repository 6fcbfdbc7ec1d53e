package org.rayonspark.data

/** What a task that encodes a partition asks of the driver. */
sealed trait ExportQuestion extends Product with Serializable

object ExportQuestion {

  /** An attempt at a partition begins. Answered by [[ExportAnswer.Known]]. */
  final case class Begin(partition: Int) extends ExportQuestion

  /**
   * May a block be staged by that executor? Answered by [[ExportAnswer.Granted]], when there is
   * room.
   */
  final case class Reserve(claim: Claim) extends ExportQuestion

  /**
   * The file is there; `last` says that it has the partition's last rows. Answered by
   * [[ExportAnswer.Kept]].
   */
  final case class Written(claim: Claim, path: String, rows: Long, bytes: Long, last: Boolean)
      extends ExportQuestion

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

  final case class Granted(directory: String) extends ExportAnswer

  /** False: another attempt was quicker, and the file is to be deleted. */
  final case class Kept(kept: Boolean) extends ExportAnswer

  /** There is nothing to be done; `why` is a whole sentence. */
  final case class Refused(why: String) extends ExportAnswer
}

final case class KnownBlock(rows: Long, wanted: Boolean)

/** One attempt's wish to stage one block. */
final case class Claim(
    executorId: String,
    partition: Int,
    sequence: Int,
    attempt: Long,
    bytes: Long
)
