package org.rayonspark.watch

import org.rayonspark.plan.Offer

/** How far a node is in its present incarnation. */
sealed abstract class Stage(val name: String) extends Product with Serializable

object Stage {

  /** Its keeper has enlisted, and waits for the head's address. */
  case object Waiting extends Stage("waiting")

  /** Its keeper prepares an offer. */
  case object Preparing extends Stage("preparing")

  /** Its offer is here; `reached` once the driver could open a connection to it. */
  final case class Offered(offer: Offer, reached: Boolean) extends Stage("offered")

  /** It has a plan, and waits for GCS. */
  final case class Planned(offer: Offer) extends Stage("planned")
  case object Launched extends Stage("launched")
  final case class Alive(rayNodeId: String) extends Stage("alive")

  /**
   * Its executor leaves: it gets no more work, and ends when what runs there has ended.
   *
   * @param listed
   *   whether GCS still lists it as alive
   */
  final case class Draining(rayNodeId: String, listed: Boolean) extends Stage("draining")

  /** It has exited, and will be started again. */
  case object BackingOff extends Stage("restarting")

  // The ends, for good.
  case object Lost extends Stage("lost")

  /** Its executor is leaving, and gets no other. */
  case object Drained extends Stage("drained")

  /** It was restarted as often as allowed: its executor is not tried again. */
  case object Failed extends Stage("failed")
  case object Stopped extends Stage("stopped")

  val ends: Set[Stage] = Set(Lost, Drained, Failed, Stopped)
}
