package org.rayonspark.data

/** The reservations of one import that wait for room in the pool, by path. Thread-safe. */
private[data] final class ImportReservations(pool: StagingPool) extends AutoCloseable {

  // Guarded by this. None until the pool has returned the ticket.
  private var open = Map.empty[String, Option[AutoCloseable]]
  private var closed = false

  /** Calls `granted` once the bytes fit, unless this is closed before. */
  def reserve(path: String, executorId: String, bytes: Long)(granted: () => Unit): Unit = {
    val begun = synchronized {
      if (!closed) open = open.updated(path, None)
      !closed
    }
    if (begun) {
      val ticket = pool.reserve(executorId, bytes) { () =>
        if (take(path)) granted() else pool.release(executorId, bytes)
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

  /**
   * Stores the ticket of a reservation that waits. False if it does not wait any more: the caller
   * then closes the ticket, which has no effect on one that was granted.
   */
  private def keep(path: String, ticket: AutoCloseable): Boolean = synchronized {
    val waits = open.contains(path)
    if (waits) open = open.updated(path, Some(ticket))
    waits
  }
}
