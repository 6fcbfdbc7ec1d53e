package org.rayonspark.plan

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{Key, Keys}
import org.rayonspark.plan.PlanError.{TooFewCores, TooFewGpus}

/** What a node offers to Ray's scheduler, besides memory. */
final case class Capacity(
    cpus: Int,
    gpuAddresses: Vector[String],
    resources: Map[String, Double],
    labels: Map[String, String]
)

object Capacity {

  /** A worker's: what was asked for each node, where its executor has that much. */
  def ofWorker(spec: RayClusterSpec, offer: Offer): Either[PlanError, Capacity] =
    ofWorking(spec, offer, Keys.cpusPerNode)

  /** The head's beside a local master, where it does the work of all nodes. */
  def ofLocalHead(spec: RayClusterSpec, offer: Offer): Either[PlanError, Capacity] =
    ofWorking(spec, offer, if (spec(Keys.headCpus).isDefined) Keys.headCpus else Keys.cpusPerNode)

  /** The head's beside a driver that has executors: nothing but the CPUs it was given. */
  def ofHead(spec: RayClusterSpec): Capacity =
    Capacity(spec(Keys.headCpus).getOrElse(0), Vector.empty, Map.empty, Map.empty)

  private def ofWorking(
      spec: RayClusterSpec,
      offer: Offer,
      key: Key[Option[Int]]
  ): Either[PlanError, Capacity] = {
    val node = NodeIdentity.of(offer)
    val cpus = spec(key).getOrElse(offer.cores)
    val gpus = spec(Keys.gpusPerNode).fold(offer.gpuAddresses.size)(_.toInt)
    for {
      _ <- Either.cond(cpus <= offer.cores, (), TooFewCores(node, cpus, offer.cores, key))
      offered = offer.gpuAddresses.size
      _ <- Either.cond(gpus <= offered, (), TooFewGpus(node, gpus, offered))
    } yield Capacity(cpus, offer.gpuAddresses.take(gpus), spec(Keys.resources), spec(Keys.labels))
  }
}
