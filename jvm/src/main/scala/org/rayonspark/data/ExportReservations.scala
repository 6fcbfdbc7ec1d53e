package org.rayonspark.data

/** The memory that tasks of one export have reserved for blocks not yet written. Thread-safe. */
private[data] final class ExportReservations(pool: StagingPool) extends AutoCloseable {
  import ExportReservations._

  // Guarded by this.
  private var open = Map.empty[Reservation, Held]
  private var closed = false

  /** Calls `granted` once the reservation fits, unless it is settled before. */
  def reserve(reservation: Reservation, location: StagingLocation)(granted: () => Unit): Unit = {
    val begun = synchronized {
      if (!closed) open = open.updated(reservation, Held(location, None, granted = false))
      !closed
    }
    if (begun) {
      val ticket = pool.reserve(location.executorId, reservation.bytes) { () =>
        if (change(reservation)(_.copy(granted = true))) granted()
        else pool.release(location.executorId, reservation.bytes)
      }
      if (!change(reservation)(_.copy(ticket = Some(ticket)))) ticket.close()
    }
  }

  /** Returns the location of an open reservation; None once it is settled. */
  def location(reservation: Reservation): Option[StagingLocation] = synchronized(
    open.get(reservation).map(_.location)
  )

  /** Ends a reservation; `usedBytes` stay in use, which may be more than it reserved. */
  def settle(reservation: Reservation, usedBytes: Long): Unit =
    take(reservation).foreach(end(reservation, _, usedBytes))

  /**
   * Ends the reservations of executors that are gone. Returns them with the locations where they
   * may have left files.
   */
  def keepOnly(alive: String => Boolean): Vector[(Reservation, StagingLocation)] = {
    val gone = synchronized(open.keys.filterNot(r => alive(r.executorId)).toVector)
    for (reservation <- gone; held <- take(reservation)) yield {
      end(reservation, held, 0)
      reservation -> held.location
    }
  }

  override def close(): Unit = {
    val left = synchronized {
      val all = open.toVector
      open = Map.empty
      closed = true
      all
    }
    // Waiting reservations end first, so that memory that the others free is not granted to them.
    left.sortBy(_._2.granted).foreach { case (reservation, held) => end(reservation, held, 0) }
  }

  private def change(reservation: Reservation)(step: Held => Held): Boolean = synchronized {
    open = open.updatedWith(reservation)(_.map(step))
    open.contains(reservation)
  }

  private def take(reservation: Reservation): Option[Held] = synchronized {
    val held = open.get(reservation)
    open -= reservation
    held
  }

  private def end(reservation: Reservation, held: Held, usedBytes: Long): Unit =
    if (held.granted) pool.release(held.location.executorId, reservation.bytes - usedBytes)
    else held.ticket.foreach(_.close())
}

private[data] object ExportReservations {

  /**
   * @param ticket
   *   withdraws the reservation while it waits; None until the pool has returned it
   */
  private final case class Held(
      location: StagingLocation,
      ticket: Option[AutoCloseable],
      granted: Boolean
  )
}
