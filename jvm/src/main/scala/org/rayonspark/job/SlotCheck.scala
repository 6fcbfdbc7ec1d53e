package org.rayonspark.job

import org.rayonspark.{InvalidSpecException, PlacementException, RayClusterSpec}
import org.rayonspark.conf.Keys

/**
 * Judges a request for nodes before any job is submitted: Spark itself would retry a barrier stage
 * that can never have its slots for ten minutes.
 */
object SlotCheck {
  private val localCluster = """local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,\s*\d+\s*]""".r

  /**
   * What a configuration says of executors, where it says it.
   *
   * @param most
   *   executors that there can ever be
   * @param cores
   *   task slots of each
   */
  final case class Expected(most: Option[Int], cores: Option[Int])

  def expected(master: String, conf: String => Option[String]): Expected = {
    def number(key: String): Option[Int] = conf(key).flatMap(_.toIntOption)
    val dynamic = conf("spark.dynamicAllocation.enabled").contains("true")
    val cores = number("spark.executor.cores")
    master match {
      case localCluster(workers, workerCores) =>
        val perExecutor = cores.getOrElse(workerCores.toInt)
        Expected(Some(workers.toInt * (workerCores.toInt / perExecutor)), Some(perExecutor))
      case _ if dynamic => Expected(number("spark.dynamicAllocation.maxExecutors"), cores)
      case _ if master.startsWith("spark://") =>
        val most = for { max <- number("spark.cores.max"); each <- cores } yield max / each
        Expected(most, cores)
      case _ =>
        Expected(Some(number("spark.executor.instances").getOrElse(2)), cores.orElse(Some(1)))
    }
  }

  /** How many worker nodes are wanted, or why they can never be had. */
  def workers(spec: RayClusterSpec, expected: Expected, registered: Int): Int = {
    val wanted = spec(Keys.numNodes).orElse(expected.most).getOrElse(registered.max(1))
    expected.most.filter(_ < wanted).foreach { most =>
      throw new PlacementException(
        s"Asked for $wanted Ray nodes, and Spark can have at most $most executors here. " +
          "Lower num_nodes, or raise spark.executor.instances (spark.cores.max on a standalone cluster)."
      )
    }
    for (asked <- spec(Keys.cpusPerNode); cores <- expected.cores if asked > cores)
      throw new InvalidSpecException(
        s"Asked for $asked cpus per Ray node, and an executor has $cores cores. " +
          "Lower cpus_per_node, or raise spark.executor.cores."
      )
    wanted
  }
}
