package org.rayonspark.data

/** What the tasks of one export claim of staging, until it is written. From any thread. */
private[data] final class ExportClaims(room: StagingRoom) extends AutoCloseable {
  import ExportClaims._

  // Guarded by this.
  private var open = Map.empty[Claim, Held]
  private var closed = false

  /** Has `granted` called when there is room for the claim, unless it is given up before. */
  def reserve(claim: Claim, place: StagingPlace)(granted: () => Unit): Unit = {
    val begun = synchronized {
      if (!closed) open = open.updated(claim, Held(place, None, granted = false))
      !closed
    }
    if (begun) {
      val ticket = room.claim(place.executorId, claim.bytes) { () =>
        if (change(claim)(_.copy(granted = true))) granted()
        else room.free(place.executorId, claim.bytes)
      }
      if (!change(claim)(_.copy(ticket = Some(ticket)))) ticket.close()
    }
  }

  /** Where the block of a claim goes; none when nothing is claimed any more. */
  def place(claim: Claim): Option[StagingPlace] = synchronized(open.get(claim).map(_.place))

  /** The block of a claim is there: of its bytes, `kept` stay in use. */
  def settle(claim: Claim, kept: Long): Unit = take(claim).foreach(end(claim, _, kept))

  /** Gives up the claims of executors that are gone: what they may have written, and where. */
  def keepOnly(alive: String => Boolean): Vector[(Claim, StagingPlace)] = {
    val gone = synchronized(open.keys.filterNot(c => alive(c.executorId)).toVector)
    for (claim <- gone; held <- take(claim)) yield {
      end(claim, held, 0)
      claim -> held.place
    }
  }

  override def close(): Unit = {
    val left = synchronized {
      val all = open.toVector
      open = Map.empty
      closed = true
      all
    }
    // Those that wait go first: what the others give back is not for them.
    left.sortBy(_._2.granted).foreach { case (claim, held) => end(claim, held, 0) }
  }

  private def change(claim: Claim)(step: Held => Held): Boolean = synchronized {
    open = open.updatedWith(claim)(_.map(step))
    open.contains(claim)
  }

  private def take(claim: Claim): Option[Held] = synchronized {
    val held = open.get(claim)
    open -= claim
    held
  }

  private def end(claim: Claim, held: Held, kept: Long): Unit =
    if (held.granted) room.free(held.place.executorId, claim.bytes - kept)
    else held.ticket.foreach(_.close())
}

private[data] object ExportClaims {

  /**
   * @param ticket
   *   takes it back while it waits; None until the room has taken it
   */
  private final case class Held(
      place: StagingPlace,
      ticket: Option[AutoCloseable],
      granted: Boolean
  )
}
