package org.rayonspark.watch

import org.rayonspark.node.{ContainerUse, NodeExit}
import org.rayonspark.plan.Offer

/** Everything that can happen to a cluster, wherever it was noticed. */
sealed trait ClusterEvent extends Product with Serializable

object ClusterEvent {

  // Spark says
  final case class ExecutorAdded(executorId: String, cores: Int) extends ClusterEvent
  final case class ExecutorLost(executorId: String, reason: String) extends ClusterEvent

  /** Spark or its cluster manager is about to take the executor away; `why` is a clause. */
  final case class ExecutorLeaving(executorId: String, why: String) extends ClusterEvent
  case object ApplicationEnded extends ClusterEvent

  /** The cluster manager does not give the executors that are awaited. */
  final case class ExecutorsKept(why: String) extends ClusterEvent

  /**
   * A job of ours ended: the one that reserves slots of that executor, or one that places nodes.
   */
  final case class JobEnded(reserving: Option[String], error: Option[Throwable])
      extends ClusterEvent

  // A keeper says
  final case class Enlisted(executorId: String, host: String) extends ClusterEvent
  final case class NodeStarted(executorId: String, incarnation: Int, pid: Long) extends ClusterEvent
  final case class Offered(executorId: String, incarnation: Int, offer: Offer) extends ClusterEvent
  final case class CannotOffer(executorId: String, incarnation: Int, why: String)
      extends ClusterEvent
  final case class NodeExited(executorId: String, incarnation: Int, exit: NodeExit)
      extends ClusterEvent

  /** The kernel killed a process beside the node; `limit` is what they have, in bytes. */
  final case class OutOfMemory(executorId: String, incarnation: Int, limit: Long)
      extends ClusterEvent
  final case class KeeperClosed(executorId: String) extends ClusterEvent

  /** What a node held when its container was told to end; Spark says why it was. */
  final case class ContainerEnding(executorId: String, use: ContainerUse) extends ClusterEvent

  // The head's node says
  final case class NodeSeen(name: String, rayNodeId: String, alive: Boolean) extends ClusterEvent

  // The driver says
  case object Started extends ClusterEvent

  /** For a while no executor has followed those, if they are still so many. */
  final case class ExecutorsSettled(count: Int) extends ClusterEvent

  /** The driver tried to reach the node's host; `error` says why it could not. */
  final case class Probed(executorId: String, incarnation: Int, error: Option[String])
      extends ClusterEvent
  final case class RestartDue(executorId: String) extends ClusterEvent
  final case class ReservationDue(executorId: String) extends ClusterEvent

  /** It is late for a container to tell what its node held. */
  final case class UseDue(executorId: String) extends ClusterEvent
  case object StartTimedOut extends ClusterEvent
  case object StopAsked extends ClusterEvent

  /** Connected clients have left, or had their time. */
  case object ClientsDismissed extends ClusterEvent
  case object StopTimedOut extends ClusterEvent
}
