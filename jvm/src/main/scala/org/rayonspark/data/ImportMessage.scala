package org.rayonspark.data

import org.rayonspark.rendezvous.RouteAddress

/** What a task that reads a Dataset's block asks of the driver. */
sealed trait ImportQuestion extends Product with Serializable

object ImportQuestion {

  /**
   * Where is that block, for a reader in that executor? `missing` is a path that it was told before
   * and where nothing is. Answered by [[ImportAnswer.At]], when the block is there.
   */
  final case class Fetch(block: Int, executorId: String, missing: Option[String])
      extends ImportQuestion

  /** Where is that executor's staging reached from here? Answered by [[ImportAnswer.Route]]. */
  final case class OpenRoute(executorId: String) extends ImportQuestion

  /** A reader in that executor no longer needs the file. Answered by [[ImportAnswer.Noted]]. */
  final case class Done(executorId: String, path: String) extends ImportQuestion
}

/** What the driver answers. */
sealed trait ImportAnswer extends Product with Serializable

object ImportAnswer {

  /** In that directory, beside that executor's node: on the reader's host, or on another one. */
  final case class At(executorId: String, directory: String, path: String) extends ImportAnswer

  final case class Route(address: RouteAddress) extends ImportAnswer
  case object Noted extends ImportAnswer

  /** There is no such block any more; `why` is a whole sentence. */
  final case class Refused(why: String) extends ImportAnswer
}

/**
 * A block of a Dataset, as Ray knows it.
 *
 * @param rayNodeId
 *   a node that has it in its store
 */
final case class ImportBlock(rows: Long, bytes: Long, rayNodeId: String)

/** A block that shall be written: `path` is beside that Ray node. */
final case class Demand(block: Int, executorId: String, rayNodeId: String, path: String)
