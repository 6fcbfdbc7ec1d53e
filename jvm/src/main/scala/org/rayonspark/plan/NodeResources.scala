package org.rayonspark.plan

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{Key, Keys}
import org.rayonspark.plan.PlanError.{TooFewCores, TooFewGpus}

/**
 * What a node offers to Ray's scheduler, except for memory.
 *
 * @param gpuAddresses
 *   addresses of its GPUs if Spark has assigned them; else Ray chooses among those of the machine
 */
final case class NodeResources(
    cpus: Int,
    gpus: Int,
    gpuAddresses: Vector[String],
    resources: Map[String, Double],
    labels: Map[String, String]
)

object NodeResources {

  /** Returns a worker's resources as requested, or an error if its executor has less. */
  def ofWorker(spec: RayClusterSpec, offer: ResourceOffer): Either[PlanError, NodeResources] =
    ofNode(spec, offer, Keys.cpusPerNode, ownGpus = false)

  /**
   * Returns the head's resources with a local master, where it also does the work of workers. If
   * Spark has assigned no GPUs there, the requested ones are those of the machine.
   */
  def ofLocalHead(spec: RayClusterSpec, offer: ResourceOffer): Either[PlanError, NodeResources] = {
    val key = if (spec(Keys.headCpus).isDefined) Keys.headCpus else Keys.cpusPerNode
    ofNode(spec, offer, key, ownGpus = offer.gpuAddresses.isEmpty)
  }

  /** Returns the head's resources in a cluster with workers: only the requested CPUs, or none. */
  def ofHead(spec: RayClusterSpec): NodeResources =
    NodeResources(spec(Keys.headCpus).getOrElse(0), 0, Vector.empty, Map.empty, Map.empty)

  private def ofNode(
      spec: RayClusterSpec,
      offer: ResourceOffer,
      key: Key[Option[Int]],
      ownGpus: Boolean
  ): Either[PlanError, NodeResources] = {
    val node = NodeIdentity.of(offer)
    val cpus = spec(key).getOrElse(offer.cores)
    val gpus = spec(Keys.gpusPerNode).fold(offer.gpuAddresses.size)(_.toInt)
    for {
      _ <- Either.cond(cpus <= offer.cores, (), TooFewCores(node, cpus, offer.cores, key))
      offered = offer.gpuAddresses.size
      _ <- Either.cond(ownGpus || gpus <= offered, (), TooFewGpus(node, gpus, offered))
    } yield NodeResources(
      cpus,
      gpus,
      offer.gpuAddresses.take(gpus),
      spec(Keys.resources),
      spec(Keys.labels)
    )
  }
}
