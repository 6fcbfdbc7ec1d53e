package org.rayonspark.plan

/**
 * A node's share of its host, which the cluster's other nodes on that host use as well.
 *
 * @param nodesOnHost
 *   number of nodes that share the host's memory, including this one
 * @param workerPorts
 *   its part of the port range for worker processes; None if the system chooses the ports
 */
final case class HostShare(nodesOnHost: Int, workerPorts: Option[Range])

object HostShare {

  /** Returns the host shares of all nodes of a cluster, by executor id. */
  def all(offers: Vector[ResourceOffer], workerPorts: Option[Range]): Map[String, HostShare] =
    offers
      .groupBy(_.host)
      .values
      .toVector
      .flatMap { neighbours =>
        val parts = workerPorts.map(WorkerPorts.split(_, neighbours.size))
        neighbours.zipWithIndex.map { case (offer, i) =>
          offer.executorId -> HostShare(neighbours.size, parts.map(_(i)))
        }
      }
      .toMap

  /** Returns the share of an additional node: its ports are those that no other node there has. */
  def additional(cluster: ClusterPlan, host: String, workerPorts: Option[Range]): HostShare = {
    val neighbours = (cluster.head +: cluster.workers).filter(_.host == host)
    val taken = neighbours.flatMap(_.workerPorts)
    HostShare(neighbours.size + 1, workerPorts.map(WorkerPorts.remainder(_, taken)))
  }
}
