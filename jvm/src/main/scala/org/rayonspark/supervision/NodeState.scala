package org.rayonspark.supervision

import org.rayonspark.plan.ResourceOffer

/** The state of a node in its current incarnation. */
sealed abstract class NodeState(val name: String) extends Product with Serializable

object NodeState {

  /** Its agent has registered, and the node waits for the head's address. */
  case object Waiting extends NodeState("waiting")

  /** Its agent is preparing an offer. */
  case object Preparing extends NodeState("preparing")

  /** Its offer has arrived. `reached` says whether the driver has been able to connect to it. */
  final case class Offered(offer: ResourceOffer, reached: Boolean) extends NodeState("offered")

  /** It has a plan; a worker waits until GCS lists the head. */
  final case class Planned(offer: ResourceOffer) extends NodeState("planned")
  case object Launched extends NodeState("launched")
  final case class Alive(rayNodeId: String) extends NodeState("alive")

  /**
   * Its executor is about to end: the node gets no more work, and ends when its work has ended.
   *
   * @param listed
   *   whether GCS still lists it as alive
   */
  final case class Draining(rayNodeId: String, listed: Boolean) extends NodeState("draining")

  /** It has failed, and will be restarted after its back-off. */
  case object BackingOff extends NodeState("restarting")

  // Final states.

  /** Its executor was lost. */
  case object Lost extends NodeState("lost")

  /** It has drained. Its executor is about to end and gets no other node. */
  case object Drained extends NodeState("drained")

  /** It has been restarted as often as allowed. Its executor is not used again. */
  case object Failed extends NodeState("failed")
  case object Stopped extends NodeState("stopped")

  val ends: Set[NodeState] = Set(Lost, Drained, Failed, Stopped)
}
