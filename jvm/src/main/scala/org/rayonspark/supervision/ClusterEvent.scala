package org.rayonspark.supervision

import org.rayonspark.node.{ContainerUsage, NodeEvent, NodeExit}
import org.rayonspark.plan.ResourceOffer
import org.rayonspark.rpc.AgentMessage

/** Anything that can happen to a cluster, whichever component observes it. */
sealed trait ClusterEvent extends Product with Serializable

object ClusterEvent {

  // From Spark
  final case class ExecutorAdded(executorId: String, cores: Int) extends ClusterEvent
  final case class ExecutorLost(executorId: String, reason: String) extends ClusterEvent

  /** Spark or its cluster manager is about to remove the executor; `why` is a clause. */
  final case class ExecutorLeaving(executorId: String, why: String) extends ClusterEvent
  case object ApplicationEnded extends ClusterEvent

  /** The cluster manager does not provide the executors that the start waits for. */
  final case class ExecutorsUnavailable(why: String) extends ClusterEvent

  /**
   * A job of this cluster ended. `reserving` is the executor whose slots it reserved; None for a
   * job that places nodes.
   */
  final case class JobEnded(reserving: Option[String], error: Option[Throwable])
      extends ClusterEvent

  // From an agent
  final case class AgentRegistered(executorId: String, host: String) extends ClusterEvent
  final case class NodeStarted(executorId: String, incarnation: Int, pid: Long) extends ClusterEvent
  final case class ResourceOffered(executorId: String, incarnation: Int, offer: ResourceOffer)
      extends ClusterEvent
  final case class OfferDeclined(executorId: String, incarnation: Int, why: String)
      extends ClusterEvent
  final case class NodeExited(executorId: String, incarnation: Int, exit: NodeExit)
      extends ClusterEvent

  /** The kernel killed a process in the executor's control group, limited to `limit` bytes. */
  final case class OutOfMemory(executorId: String, incarnation: Int, limit: Long)
      extends ClusterEvent
  final case class AgentClosed(executorId: String) extends ClusterEvent

  /** The memory that a node used when its container was told to end. */
  final case class ContainerTerminating(executorId: String, usage: ContainerUsage)
      extends ClusterEvent

  // From the head node
  final case class NodeSeen(name: String, rayNodeId: String, alive: Boolean) extends ClusterEvent

  // From the driver
  case object Started extends ClusterEvent

  /** No further executor has registered for a while, if there are still `count` of them. */
  final case class ExecutorsSettled(count: Int) extends ClusterEvent

  /** The driver has tried to reach the node's host; `error` says why it failed. */
  final case class Probed(executorId: String, incarnation: Int, error: Option[String])
      extends ClusterEvent
  final case class RestartDue(executorId: String) extends ClusterEvent

  /** A restart is old enough that it no longer counts against max_restarts. */
  final case class RestartForgotten(executorId: String) extends ClusterEvent

  /** The back-off after a placement that missed its executors is over. */
  case object PlacementDue extends ClusterEvent
  final case class ReservationDue(executorId: String) extends ClusterEvent

  /** The container has not reported its node's memory in time. */
  final case class UsageOverdue(executorId: String) extends ClusterEvent
  case object StartTimedOut extends ClusterEvent
  case object StopRequested extends ClusterEvent

  /** Connected clients have disconnected, or their time is up. */
  case object ClientsDisconnected extends ClusterEvent
  case object StopTimedOut extends ClusterEvent

  /** Returns the event that an agent's message stands for. */
  def of(message: AgentMessage): ClusterEvent = message match {
    case AgentMessage.Register(id, host) => AgentRegistered(id, host)
    case AgentMessage.ResourceOffered(id, incarnation, offer) =>
      ResourceOffered(id, incarnation, offer)
    case AgentMessage.OfferDeclined(id, incarnation, why) =>
      OfferDeclined(id, incarnation, why)
    case AgentMessage.Closed(id) => AgentClosed(id)
    case AgentMessage.NodeReport(id, incarnation, event) =>
      event match {
        case NodeEvent.Hello(pid, _, _, _) => NodeStarted(id, incarnation, pid)
        case NodeEvent.NodeSeen(name, rayId, alive) => NodeSeen(name, rayId, alive)
        case NodeEvent.OutOfMemory(limit) => OutOfMemory(id, incarnation, limit)
        case NodeEvent.Exited(exit) => NodeExited(id, incarnation, exit)
      }
  }
}
