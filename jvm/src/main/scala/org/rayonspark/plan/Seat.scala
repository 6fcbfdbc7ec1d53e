package org.rayonspark.plan

/**
 * A node's place on its host, beside the cluster's other nodes there.
 *
 * @param nodesOnHost
 *   nodes that share the host's memory, this one included
 * @param workerPorts
 *   its part of the range for worker processes
 */
final case class Seat(nodesOnHost: Int, workerPorts: Option[Range])

object Seat {

  /** Seats for all nodes of a cluster, by executor id. */
  def all(offers: Vector[Offer], workerPorts: Option[Range]): Map[String, Seat] =
    offers
      .groupBy(_.host)
      .values
      .toVector
      .flatMap { neighbours =>
        val parts = workerPorts.map(WorkerPorts.split(_, neighbours.size))
        neighbours.zipWithIndex.map { case (offer, i) =>
          offer.executorId -> Seat(neighbours.size, parts.map(_(i)))
        }
      }
      .toMap

  /** A seat for one more node: its ports are those that its neighbours do not have. */
  def beside(cluster: ClusterPlan, host: String, workerPorts: Option[Range]): Seat = {
    val neighbours = (cluster.head +: cluster.workers).filter(_.host == host)
    val taken = neighbours.flatMap(_.workerPorts)
    Seat(neighbours.size + 1, workerPorts.map(WorkerPorts.remainder(_, taken)))
  }
}
