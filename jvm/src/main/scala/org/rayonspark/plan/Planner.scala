package org.rayonspark.plan

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.Keys
import org.rayonspark.plan.PlanError.{TooFewOffers, Unreachable}

/**
 * Decides which nodes run where. Pure: the same spec and offers give the same plan.
 *
 * @param clusterId
 *   unique among the clusters of this user; part of each node's name
 * @param local
 *   whether Spark's master is local; the head is then the only node
 */
final case class Planner(spec: RayClusterSpec, clusterId: String, local: Boolean) {
  private val nodes: NodePlanner = NodePlanner(spec, clusterId, local)

  /** Checks what depends on the head's offer alone, before any worker has made an offer. */
  def checkHead(head: ResourceOffer): Either[PlanError, Unit] =
    Compatibility.checkHead(head).flatMap(_ => Compatibility.checkAuth(head, spec(Keys.auth)))

  /** Plans the whole cluster: the head, and the requested number of workers by executor id. */
  def plan(head: ResourceOffer, workers: Vector[ResourceOffer]): Either[PlanError, ClusterPlan] =
    for {
      _ <- checkHead(head)
      chosen <- choose(workers)
      shares = HostShare.all(head +: chosen, spec.portPolicy.workers)
      headPlan <- nodes.head(head, shares(head.executorId))
      gcs = headPlan.gcsAddress
      _ <- Planner.each(chosen)(checkWorker(_, head, gcs))
      plans <- Planner.each(chosen)(offer => nodes.worker(offer, gcs, shares(offer.executorId), 0))
    } yield ClusterPlan(headPlan, plans)

  /**
   * Plans a single worker: either a restart of the one that `cluster` has on the same executor,
   * whose sizes it keeps, or a new one on an executor where `cluster` has none.
   *
   * @param cluster
   *   the active nodes, including the one to restart
   * @param head
   *   the offer from which the head was planned
   * @param restarts
   *   how often the node has been restarted; makes its name unique
   */
  def planNode(
      cluster: ClusterPlan,
      head: ResourceOffer,
      offer: ResourceOffer,
      restarts: Int
  ): Either[PlanError, NodePlan] = {
    val gcs = cluster.head.gcsAddress
    checkWorker(offer, head, gcs).flatMap { _ =>
      cluster.workers.find(_.executorId == offer.executorId) match {
        case Some(previous) => nodes.again(previous, offer, restarts)
        case None =>
          val share = HostShare.additional(cluster, offer.host, spec.portPolicy.workers)
          nodes.worker(offer, gcs, share, restarts)
      }
    }
  }

  private def choose(workers: Vector[ResourceOffer]): Either[PlanError, Vector[ResourceOffer]] = {
    val requested = spec(Keys.numNodes)
    if (local) Right(Vector.empty)
    else {
      val wanted = requested.getOrElse(math.max(1, workers.size))
      val inOrder = workers.sortBy(offer => (offer.executorId.length, offer.executorId))
      Either.cond(workers.size >= wanted, inOrder.take(wanted), TooFewOffers(wanted, workers.size))
    }
  }

  private def checkWorker(
      worker: ResourceOffer,
      head: ResourceOffer,
      gcs: String
  ): Either[PlanError, Unit] =
    worker.unreachable
      .map(why => Unreachable(NodeIdentity.of(worker), gcs, why))
      .toLeft(())
      .flatMap(_ => Compatibility.checkWorker(worker, head))
}

object Planner {

  /** Returns all results, or the first error. */
  private def each[A, B](
      all: Vector[A]
  )(step: A => Either[PlanError, B]): Either[PlanError, Vector[B]] =
    all.foldLeft[Either[PlanError, Vector[B]]](Right(Vector.empty)) { (soFar, one) =>
      soFar.flatMap(done => step(one).map(done :+ _))
    }
}
