package org.rayonspark.supervision

import org.rayonspark.{RayClusterSpec, RayClusterState}
import org.rayonspark.conf.{Keys, Slots}
import org.rayonspark.plan.{NodeRole, ResourceOffer}

import scala.collection.immutable.ListMap

/**
 * Everything that the supervisor knows about one cluster. Immutable.
 *
 * @param workers
 *   requested number of worker nodes; 0 in local mode, where the head is the only node
 * @param counting
 *   whether `workers` is still unknown, because it depends on the executors that register
 * @param dynamic
 *   whether Spark uses dynamic allocation
 * @param launchTemplate
 *   the part of the launch context that is the same for all nodes
 * @param executors
 *   registered Spark executors with their task slots
 * @param placed
 *   whether the job that places the first nodes has been submitted
 * @param headOffer
 *   the offer from which the current head was planned
 * @param placing
 *   executors for which a placement task is under way
 * @param missedPlacements
 *   number of consecutive placements that did not reach their executors
 * @param placementPending
 *   whether the next placement waits for its back-off
 * @param nodes
 *   all nodes by executor id, including ended ones, the head first
 * @param failure
 *   the first error, which ends the cluster
 */
final case class ClusterState(
    id: String,
    spec: RayClusterSpec,
    workers: Int,
    dynamic: Boolean,
    launchTemplate: LaunchTemplate,
    counting: Boolean = false,
    phase: RayClusterState = RayClusterState.STARTING,
    executors: ListMap[String, Int] = ListMap.empty,
    placed: Boolean = false,
    headOffer: Option[ResourceOffer] = None,
    placing: Set[String] = Set.empty,
    missedPlacements: Int = 0,
    placementPending: Boolean = false,
    nodes: ListMap[String, ClusterNode] = ListMap.empty,
    applicationEnded: Boolean = false,
    failure: Option[Throwable] = None
) {
  def head: Option[ClusterNode] = nodes.values.find(_.role == NodeRole.Head)

  /** Workers that run or are starting; not those that have ended or are draining. */
  def activeWorkers: Vector[ClusterNode] =
    nodes.values.filter(n => n.role == NodeRole.Worker && n.active && !n.draining).toVector

  def local: Boolean = workers == 0

  /** Whether nodes hold slots. Dynamic allocation would otherwise remove executors as idle. */
  def reserved: Boolean = dynamic || spec(Keys.slots) == Slots.Reserved

  def complete: Boolean =
    head.exists(_.alive) && activeWorkers.count(_.alive) == workers

  def starting: Boolean = phase == RayClusterState.STARTING
  def running: Boolean = phase == RayClusterState.RUNNING
  def ending: Boolean = !starting && !running

  def put(node: ClusterNode): ClusterState = copy(nodes = nodes.updated(node.executorId, node))

  def state(node: ClusterNode, state: NodeState): ClusterState = put(node.copy(state = state))

  /** Returns the node on the executor, if it is active and in that incarnation. */
  def activeNode(executorId: String, incarnation: Int): Option[ClusterNode] =
    nodes.get(executorId).filter(n => n.active && n.incarnation == incarnation)

  /** Whether the start waits for executors that are registered, but have no free slot. */
  def waitsForSlots: Boolean =
    starting && placed && !dynamic && activeWorkers.size < workers && executors.size >= workers

  /** What the start is waiting for, as a sentence without its full stop; empty after the start. */
  def progress: String = {
    val registered = activeWorkers.size
    val ready = activeWorkers.count(_.alive)
    if (!starting) ""
    else if (counting && executors.isEmpty) "no Spark executor has registered"
    else if (counting) s"${executors.size} Spark executors have registered, and more may follow"
    else if (executors.size < workers)
      s"${executors.size} of $workers Spark executors have registered"
    else if (registered < workers)
      s"$registered of $workers Spark executors have a free slot for a Ray node"
    else if (!head.exists(_.alive)) "the head is not alive yet"
    else s"$ready of $workers Ray nodes are alive"
  }
}
