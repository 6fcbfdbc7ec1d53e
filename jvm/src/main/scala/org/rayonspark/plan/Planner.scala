package org.rayonspark.plan

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.Keys
import org.rayonspark.plan.PlanError.{TooFewOffers, TooManyForLocal, Unreachable}

/**
 * Decides what will run where. Pure: the same spec and offers give the same plan.
 *
 * @param clusterId
 *   unique among the clusters of this user; part of each node's name
 * @param local
 *   whether Spark's master is local, where the head is the only node
 */
final case class Planner(spec: RayClusterSpec, clusterId: String, local: Boolean) {
  private val nodes: NodePlanner = NodePlanner(spec, clusterId, local)

  /** The whole cluster: the head, and the workers that were asked for, by executor id. */
  def plan(head: Offer, workers: Vector[Offer]): Either[PlanError, ClusterPlan] =
    for {
      _ <- Compatibility.checkHead(head)
      chosen <- choose(workers)
      seats = Seat.all(head +: chosen, spec.portPolicy.workers)
      headPlan <- nodes.head(head, seats(head.executorId))
      gcs = headPlan.gcsAddress
      _ <- Planner.each(chosen)(checkWorker(_, head, gcs))
      plans <- Planner.each(chosen)(one => nodes.worker(one, gcs, seats(one.executorId), 0))
    } yield ClusterPlan(headPlan, plans)

  /**
   * One worker again: in place of the one of `cluster` on the same executor, whose sizes it keeps,
   * or on an executor that `cluster` has no node on.
   *
   * @param cluster
   *   the nodes that live, and the one to replace
   * @param head
   *   the offer that the head was planned from
   * @param restarts
   *   how often the node was started before; makes its name new
   */
  def planNode(
      cluster: ClusterPlan,
      head: Offer,
      offer: Offer,
      restarts: Int
  ): Either[PlanError, NodePlan] = {
    val gcs = cluster.head.gcsAddress
    checkWorker(offer, head, gcs).flatMap { _ =>
      cluster.workers.find(_.executorId == offer.executorId) match {
        case Some(previous) => nodes.again(previous, offer, restarts)
        case None =>
          val seat = Seat.beside(cluster, offer.host, spec.portPolicy.workers)
          nodes.worker(offer, gcs, seat, restarts)
      }
    }
  }

  private def choose(workers: Vector[Offer]): Either[PlanError, Vector[Offer]] = {
    val asked = spec(Keys.numNodes)
    if (local) asked.filter(_ > 1).map(TooManyForLocal).toLeft(Vector.empty)
    else {
      val wanted = asked.getOrElse(math.max(1, workers.size))
      val inOrder = workers.sortBy(offer => (offer.executorId.length, offer.executorId))
      Either.cond(workers.size >= wanted, inOrder.take(wanted), TooFewOffers(wanted, workers.size))
    }
  }

  private def checkWorker(worker: Offer, head: Offer, gcs: String): Either[PlanError, Unit] =
    worker.unreachable
      .map(why => Unreachable(NodeIdentity.of(worker), gcs, why))
      .toLeft(())
      .flatMap(_ => Compatibility.checkWorker(worker, head))
}

object Planner {

  /** All results, or the first error. */
  private def each[A, B](
      all: Vector[A]
  )(step: A => Either[PlanError, B]): Either[PlanError, Vector[B]] =
    all.foldLeft[Either[PlanError, Vector[B]]](Right(Vector.empty)) { (soFar, one) =>
      soFar.flatMap(done => step(one).map(done :+ _))
    }
}
