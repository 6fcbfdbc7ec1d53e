package org.rayonspark.watch

import org.rayonspark.node.ContainerUse
import org.rayonspark.plan.{NodePlan, NodeRole}

/**
 * One node of a cluster, through all its incarnations.
 *
 * @param host
 *   its executor's IP address
 * @param index
 *   its number in the cluster; 0 is the head
 * @param incarnation
 *   counts its lives, from 0
 * @param plan
 *   the newest; while it prepares its next life, that of the one before
 * @param pid
 *   of its `ray start`, on its host
 * @param lastUse
 *   what it held when its container was told to end
 * @param untold
 *   why its executor was lost, until that is told with its last use
 */
final case class Member(
    executorId: String,
    host: String,
    index: Int,
    role: NodeRole,
    incarnation: Int = 0,
    stage: Stage = Stage.Waiting,
    plan: Option[NodePlan] = None,
    pid: Option[Long] = None,
    lastUse: Option[ContainerUse] = None,
    untold: Option[String] = None
) {
  def active: Boolean = !Stage.ends(stage)

  /** Whether Ray gives it work. */
  def alive: Boolean = stage match {
    case _: Stage.Alive => true
    case _ => false
  }

  def draining: Boolean = stage match {
    case _: Stage.Draining => true
    case _ => false
  }

  /** Ray's id of the node, while GCS lists it. */
  def rayNodeId: Option[String] = stage match {
    case Stage.Alive(id) => Some(id)
    case Stage.Draining(id, true) => Some(id)
    case _ => None
  }

  /** The same node before its next life. */
  def reborn: Member = copy(incarnation = incarnation + 1, stage = Stage.Waiting, pid = None)
}
