package org.rayonspark.data

import org.rayonspark.rpc.StagingAddress

/** A request to the driver from a task that encodes a partition. */
sealed trait ExportRequest extends Product with Serializable

object ExportRequest {

  /** Announces an attempt at a partition. Answered by [[ExportResponse.KnownBlocks]]. */
  final case class Begin(partition: Int) extends ExportRequest

  /**
   * Asks where that executor may stage a block. Answered by [[ExportResponse.Granted]] once there
   * is room.
   */
  final case class Reserve(reservation: Reservation) extends ExportRequest

  /**
   * Hands over a complete file; `last` says that it has the partition's last rows. Answered by
   * [[ExportResponse.Accepted]].
   */
  final case class Written(
      reservation: Reservation,
      path: String,
      rows: Long,
      bytes: Long,
      last: Boolean
  ) extends ExportRequest

  /** Asks for the staging server of that executor. Answered by [[ExportResponse.Address]]. */
  final case class OpenStagingServer(executorId: String) extends ExportRequest

  /** Gives up a reservation. Answered by [[ExportResponse.Accepted]]. */
  final case class Abandon(reservation: Reservation) extends ExportRequest
}

/** The driver's answer to an [[ExportRequest]]. */
sealed trait ExportResponse extends Product with Serializable

object ExportResponse {

  /**
   * The blocks that earlier attempts at a partition have written: how many rows each has, and
   * whether it is wanted again. `whole` says that there are no other blocks.
   */
  final case class KnownBlocks(blocks: Vector[KnownBlock], whole: Boolean) extends ExportResponse

  /** The block may be written to that directory, which is that executor's staging. */
  final case class Granted(executorId: String, directory: String) extends ExportResponse

  final case class Address(address: StagingAddress) extends ExportResponse

  /** False: another attempt was faster, and the task must delete the file. */
  final case class Accepted(accepted: Boolean) extends ExportResponse

  /** The request cannot be served; `why` is a whole sentence. */
  final case class Refused(why: String) extends ExportResponse
}

/** A block of an earlier attempt. */
final case class KnownBlock(rows: Long, wanted: Boolean)

/**
 * Staging memory that one attempt reserves for one block.
 *
 * @param executorId
 *   executor that encodes the block
 * @param attempt
 *   id of Spark's task attempt
 */
final case class Reservation(
    executorId: String,
    partition: Int,
    sequence: Int,
    attempt: Long,
    bytes: Long
) {

  /** Names of the block's file, while it is written and when it is complete. */
  def draft(prefix: String): String = s"${name(prefix)}.tmp"
  def file(prefix: String): String = s"${name(prefix)}.arrow"

  private def name(prefix: String) = s"$prefix-$partition-$sequence-$attempt"
}
