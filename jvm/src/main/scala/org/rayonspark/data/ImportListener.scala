package org.rayonspark.data

/** Receives the events of frames from Ray. Called from any thread; must not block. */
private[data] trait ImportListener {

  /** A frame needs a block written. `take` returns the request, or None if it is obsolete. */
  def blockRequested(frame: String, take: () => Option[BlockRequest]): Unit

  /** The frame is not read any more. */
  def frameReleased(frame: String): Unit
}
