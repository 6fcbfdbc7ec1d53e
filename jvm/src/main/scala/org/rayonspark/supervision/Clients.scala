package org.rayonspark.supervision

import java.util.concurrent.atomic.AtomicReference

/**
 * Tracks the processes on this host that are connected to Ray. They must disconnect before GCS
 * ends: Ray kills a connected driver, with exit code 1 and no traceback, when its GCS disappears. A
 * process that exits counts as disconnected. Thread-safe.
 */
final class Clients extends AutoCloseable {
  // The JVM holds a callback on a process until that process exits. The callback refers to this
  // object only through a reference that is cleared, so that a long-lived Python process does not
  // keep an ended cluster in memory.
  private var attached = Map.empty[Long, AtomicReference[Clients]]
  private var onAllDetached: Option[() => Unit] = None

  def attach(pid: Long): Unit = {
    val self = new AtomicReference(this)
    synchronized {
      attached.get(pid).foreach(_.set(null))
      attached += pid -> self
    }
    val process = ProcessHandle.of(pid)
    if (process.isPresent) process.get.onExit().thenRun(Clients.exited(pid, self))
    else detach(pid)
    ()
  }

  def detach(pid: Long): Unit = {
    val callback = synchronized {
      attached.get(pid).foreach(_.set(null))
      attached -= pid
      if (attached.isEmpty) onAllDetached else None
    }
    callback.foreach(_())
  }

  /** Calls `callback` as soon as no process is attached, which may be at once. */
  def whenAllDetached(callback: () => Unit): Unit = {
    val now = synchronized {
      onAllDetached = Some(callback)
      attached.isEmpty
    }
    if (now) callback()
  }

  /** Drops the callback and all references to this object. Called when the cluster has ended. */
  override def close(): Unit = synchronized {
    attached.values.foreach(_.set(null))
    attached = Map.empty
    onAllDetached = None
  }
}

private object Clients {

  /** Defined here because a method of the class would capture its instance. */
  private def exited(pid: Long, clients: AtomicReference[Clients]): Runnable =
    () => Option(clients.get).foreach(_.detach(pid))
}
