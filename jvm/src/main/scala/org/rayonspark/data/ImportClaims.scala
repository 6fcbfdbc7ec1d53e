package org.rayonspark.data

/** The claims of one import that wait for room, by path. From any thread. */
private[data] final class ImportClaims(room: StagingRoom) extends AutoCloseable {

  // Guarded by this. None until the room has taken the claim.
  private var open = Map.empty[String, Option[AutoCloseable]]
  private var closed = false

  /** Has `granted` called when there is room, unless this is closed before. */
  def claim(path: String, executorId: String, bytes: Long)(granted: () => Unit): Unit = {
    val begun = synchronized {
      if (!closed) open = open.updated(path, None)
      !closed
    }
    if (begun) {
      val ticket = room.claim(executorId, bytes) { () =>
        if (take(path)) granted() else room.free(executorId, bytes)
      }
      if (!keep(path, ticket)) ticket.close()
    }
  }

  override def close(): Unit = {
    val left = synchronized {
      val all = open.values.flatten.toVector
      open = Map.empty
      closed = true
      all
    }
    left.foreach(_.close())
  }

  private def take(path: String): Boolean = synchronized {
    val held = open.contains(path)
    open -= path
    held
  }

  /** Closing a ticket that was granted is in vain, and does no harm. */
  private def keep(path: String, ticket: AutoCloseable): Boolean = synchronized {
    val waits = open.contains(path)
    if (waits) open = open.updated(path, Some(ticket))
    waits
  }
}
