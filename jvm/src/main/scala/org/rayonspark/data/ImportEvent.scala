package org.rayonspark.data

/** An event of a frame from Ray, for the process that holds the Dataset. */
private[rayonspark] sealed trait ImportEvent extends Product with Serializable {
  def frame: String
}

private[rayonspark] object ImportEvent {

  /** A block must be written. */
  final case class BlockRequested(frame: String, request: BlockRequest) extends ImportEvent

  /** The frame is not read any more. */
  final case class FrameReleased(frame: String) extends ImportEvent
}
