package org.rayonspark.data

/** What the tasks of one export claim of staging, until it is written. From any thread. */
private[data] final class ExportClaims(room: StagingRoom) extends AutoCloseable {
  import ExportClaims._

  // Guarded by this.
  private var open = Map.empty[Claim, Held]
  private var closed = false

  /** Has `granted` called when there is room for the claim, unless it is given up before. */
  def reserve(claim: Claim)(granted: () => Unit): Unit = {
    val begun = synchronized {
      if (!closed) open = open.updated(claim, Held(None, granted = false))
      !closed
    }
    if (begun) {
      val ticket = room.claim(claim.executorId, claim.bytes) { () =>
        val wanted = synchronized {
          val held = open.get(claim)
          held.foreach(h => open = open.updated(claim, h.copy(granted = true)))
          held.isDefined
        }
        if (wanted) granted() else room.free(claim.executorId, claim.bytes)
      }
      val wanted = synchronized {
        val held = open.get(claim)
        held.foreach(h => open = open.updated(claim, h.copy(ticket = Some(ticket))))
        held.isDefined
      }
      if (!wanted) ticket.close()
    }
  }

  /** The block of a claim is there: of its bytes, `kept` stay in use. */
  def settle(claim: Claim, kept: Long): Unit = synchronized {
    val held = open.get(claim)
    open -= claim
    held
  }.foreach { held =>
    if (held.granted) room.free(claim.executorId, claim.bytes - kept)
    else held.ticket.foreach(_.close())
  }

  override def close(): Unit = {
    val left = synchronized {
      closed = true
      open.keys.toVector
    }
    left.foreach(settle(_, 0))
  }
}

private[data] object ExportClaims {

  /**
   * @param ticket
   *   takes it back while it waits; None until the room has taken it
   */
  private final case class Held(ticket: Option[AutoCloseable], granted: Boolean)
}
