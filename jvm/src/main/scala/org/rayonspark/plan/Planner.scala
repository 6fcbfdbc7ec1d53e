package org.rayonspark.plan

import org.rayonspark.RayClusterSpec

/**
 * Decides what will run where. Pure: the same spec and offers give the same plan.
 *
 * @param clusterId
 *   unique among the clusters of this user; part of each node's name
 * @param local
 *   whether Spark's master is local, where the head is the only node
 */
final case class Planner(spec: RayClusterSpec, clusterId: String, local: Boolean) {

  /** The whole cluster. */
  def plan(head: Offer, workers: Vector[Offer]): Either[PlanError, ClusterPlan] = ???

  /**
   * One node again: in place of the one of `cluster` on the same executor, whose sizes it keeps, or
   * on an executor that `cluster` has no node on.
   *
   * @param cluster
   *   the nodes that live, and the one to replace
   * @param restarts
   *   how often the node was started before; makes its name new
   */
  def planNode(cluster: ClusterPlan, offer: Offer, restarts: Int): Either[PlanError, NodePlan] = ???
}
