package org.rayonspark.watch

/**
 * The processes' connections to Ray that must leave before GCS does: Ray ends a connected driver, with
 * exit code 1 and no traceback, when its GCS goes away.
 */
final class Clients {
  private var attached = 0
  private var onLeft: Option[() => Unit] = None

  def attach(): Unit = synchronized { attached += 1 }

  def detach(): Unit = {
    val told = synchronized {
      attached = (attached - 1).max(0)
      if (attached == 0) onLeft else None
    }
    told.foreach(_())
  }

  /** Calls `left` once nobody is attached; at once when nobody is. */
  def whenLeft(left: () => Unit): Unit = {
    val now = synchronized {
      onLeft = Some(left)
      attached == 0
    }
    if (now) left()
  }
}
