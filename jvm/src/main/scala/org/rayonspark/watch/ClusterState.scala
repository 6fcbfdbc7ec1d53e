package org.rayonspark.watch

import org.rayonspark.{RayClusterSpec, RayClusterState}
import org.rayonspark.conf.{Keys, Tenure}
import org.rayonspark.plan.{NodeRole, Offer}

import scala.collection.immutable.VectorMap

/**
 * All that the supervisor knows of one cluster.
 *
 * @param workers
 *   how many worker nodes are wanted; 0 in local mode, where the head is the only node
 * @param dynamic
 *   whether Spark adds and removes executors as it needs them
 * @param charters
 *   what every keeper of the cluster is told alike
 * @param executors
 *   registered Spark executors, and their task slots
 * @param placed
 *   whether the job that places the first nodes was submitted
 * @param headOffer
 *   what the head that workers join was planned from
 * @param visiting
 *   executors to which a task is on its way
 * @param members
 *   the nodes by executor id, the head first, ended ones too
 * @param failure
 *   the first error; it ends the cluster
 */
final case class ClusterState(
    id: String,
    spec: RayClusterSpec,
    workers: Int,
    dynamic: Boolean,
    charters: CharterTemplate,
    phase: RayClusterState = RayClusterState.STARTING,
    executors: VectorMap[String, Int] = VectorMap.empty,
    placed: Boolean = false,
    headOffer: Option[Offer] = None,
    visiting: Set[String] = Set.empty,
    members: VectorMap[String, Member] = VectorMap.empty,
    applicationEnded: Boolean = false,
    failure: Option[Throwable] = None
) {
  def head: Option[Member] = members.values.find(_.role == NodeRole.Head)

  /** Those that are there, or on their way; not those that are about to leave. */
  def activeWorkers: Vector[Member] =
    members.values.filter(m => m.role == NodeRole.Worker && m.active && !m.draining).toVector

  def local: Boolean = workers == 0

  /** Whether nodes hold slots: else dynamic allocation would take their executors as idle. */
  def reserved: Boolean = dynamic || spec(Keys.tenure) == Tenure.Reserved

  def complete: Boolean =
    head.exists(_.alive) && activeWorkers.count(_.alive) == workers

  def starting: Boolean = phase == RayClusterState.STARTING
  def running: Boolean = phase == RayClusterState.RUNNING
  def ending: Boolean = !starting && !running

  def put(member: Member): ClusterState = copy(members = members.updated(member.executorId, member))

  def stage(member: Member, stage: Stage): ClusterState = put(member.copy(stage = stage))

  /** The member on that executor, if that incarnation is still its life. */
  def living(executorId: String, incarnation: Int): Option[Member] =
    members.get(executorId).filter(m => m.active && m.incarnation == incarnation)

  /** What the start is waiting for, as a sentence without its full stop. */
  def progress: String = {
    val enlisted = activeWorkers.size
    val ready = activeWorkers.count(_.alive)
    if (!starting) ""
    else if (executors.size < workers)
      s"${executors.size} of $workers Spark executors have registered"
    else if (enlisted < workers)
      s"$enlisted of $workers Spark executors have a free slot for a Ray node"
    else if (!head.exists(_.alive)) "the head is not alive yet"
    else s"$ready of $workers Ray nodes are alive"
  }
}
