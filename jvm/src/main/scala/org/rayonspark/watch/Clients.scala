package org.rayonspark.watch

/**
 * The processes of this host that are connected to Ray, and must leave before GCS does: Ray ends a
 * connected driver, with exit code 1 and no traceback, when its GCS goes away. A process that has
 * died has left.
 */
final class Clients {
  private var attached = Set.empty[Long]
  private var onLeft: Option[() => Unit] = None

  def attach(pid: Long): Unit = {
    synchronized(attached += pid)
    val process = ProcessHandle.of(pid)
    if (process.isPresent) process.get.onExit().thenRun(() => detach(pid))
    else detach(pid)
    ()
  }

  def detach(pid: Long): Unit = {
    val told = synchronized {
      attached -= pid
      if (attached.isEmpty) onLeft else None
    }
    told.foreach(_())
  }

  /** Calls `left` once nobody is attached; at once when nobody is. */
  def whenLeft(left: () => Unit): Unit = {
    val now = synchronized {
      onLeft = Some(left)
      attached.isEmpty
    }
    if (now) left()
  }
}
