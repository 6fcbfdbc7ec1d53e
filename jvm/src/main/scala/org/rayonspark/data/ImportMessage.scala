package org.rayonspark.data

import org.rayonspark.rpc.StagingAddress

/** A request to the driver from a task that reads a Dataset's block. */
sealed trait ImportRequest extends Product with Serializable

object ImportRequest {

  /**
   * Asks where a reader in that executor finds the block. `missing` is the path of an earlier
   * answer where there was no file. Answered by [[ImportResponse.At]] once the block is staged.
   */
  final case class Fetch(block: Int, executorId: String, missing: Option[String])
      extends ImportRequest

  /** Asks for the staging server of that executor. Answered by [[ImportResponse.Address]]. */
  final case class OpenStagingServer(executorId: String) extends ImportRequest

  /** A reader in that executor no longer needs the file. Answered by [[ImportResponse.Noted]]. */
  final case class Done(executorId: String, path: String) extends ImportRequest
}

/** The driver's answer to an [[ImportRequest]]. */
sealed trait ImportResponse extends Product with Serializable

object ImportResponse {

  /**
   * The block is the file at `path`, in `directory`, the staging of that executor. It may be on
   * another host than the reader.
   */
  final case class At(executorId: String, directory: String, path: String) extends ImportResponse

  final case class Address(address: StagingAddress) extends ImportResponse
  case object Noted extends ImportResponse

  /** The block cannot be read any more; `why` is a whole sentence. */
  final case class Refused(why: String) extends ImportResponse
}

/**
 * A block of a Dataset, as Ray describes it.
 *
 * @param rayNodeId
 *   a Ray node that has it in its object store
 */
final case class ImportBlock(rows: Long, bytes: Long, rayNodeId: String)

/** A block that must be written to `path`, in the staging of that Ray node. */
final case class BlockRequest(block: Int, executorId: String, rayNodeId: String, path: String)
