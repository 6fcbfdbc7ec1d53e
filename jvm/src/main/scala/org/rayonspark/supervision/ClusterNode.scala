package org.rayonspark.supervision

import org.rayonspark.node.ContainerUsage
import org.rayonspark.plan.{NodePlan, NodeRole}

/**
 * One node of a cluster, across all of its incarnations.
 *
 * @param host
 *   IP address of its executor
 * @param index
 *   number of the node in the cluster; 0 is the head
 * @param incarnation
 *   counts the node's starts, from 0
 * @param restarts
 *   restarts in the running cluster that still count against max_restarts
 * @param plan
 *   the newest plan; while the next incarnation is being prepared, the previous one's
 * @param pid
 *   process id of its `ray start`, on its host
 * @param lastUsage
 *   memory that it used when its container was told to end
 * @param unreportedLoss
 *   why its executor was lost, until a warning has reported it together with `lastUsage`
 */
final case class ClusterNode(
    executorId: String,
    host: String,
    index: Int,
    role: NodeRole,
    incarnation: Int = 0,
    restarts: Int = 0,
    state: NodeState = NodeState.Waiting,
    plan: Option[NodePlan] = None,
    pid: Option[Long] = None,
    lastUsage: Option[ContainerUsage] = None,
    unreportedLoss: Option[String] = None
) {
  def active: Boolean = !NodeState.ends(state)

  /** Whether Ray schedules work on it. */
  def alive: Boolean = state match {
    case _: NodeState.Alive => true
    case _ => false
  }

  def draining: Boolean = state match {
    case _: NodeState.Draining => true
    case _ => false
  }

  /** Ray's id of the node, while GCS lists it as alive. */
  def rayNodeId: Option[String] = state match {
    case NodeState.Alive(id) => Some(id)
    case NodeState.Draining(id, true) => Some(id)
    case _ => None
  }

  /** Returns the same node at the beginning of its next incarnation. */
  def nextIncarnation: ClusterNode =
    copy(incarnation = incarnation + 1, state = NodeState.Waiting, pid = None)
}
