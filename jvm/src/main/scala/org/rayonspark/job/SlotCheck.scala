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
   * @param first
   *   executors that Spark asks for when the application starts; all of them, unless allocation is
   *   dynamic
   * @param cores
   *   task slots of each
   */
  final case class Expected(most: Option[Int], first: Option[Int], cores: Option[Int])

  def expected(master: String, conf: String => Option[String]): Expected = {
    def number(key: String): Option[Int] = conf(key).flatMap(_.toIntOption)
    val dynamic = conf("spark.dynamicAllocation.enabled").contains("true")
    val cores = number("spark.executor.cores")
    def all(most: Option[Int], cores: Option[Int]): Expected = Expected(most, most, cores)
    master match {
      case localCluster(workers, workerCores) =>
        val perExecutor = cores.getOrElse(workerCores.toInt)
        all(Some(workers.toInt * (workerCores.toInt / perExecutor)), Some(perExecutor))
      case _ if dynamic =>
        val asked = Vector(
          number("spark.dynamicAllocation.initialExecutors"),
          number("spark.dynamicAllocation.minExecutors"),
          number("spark.executor.instances")
        ).flatten
        val most = number("spark.dynamicAllocation.maxExecutors")
        Expected(most, Some(asked.maxOption.getOrElse(0)), cores)
      case _ if master.startsWith("spark://") =>
        all(for { max <- number("spark.cores.max"); each <- cores } yield max / each, cores)
      case _ =>
        all(
          Some(number("spark.executor.instances").getOrElse(2)),
          cores.orElse(Some(1))
        )
    }
  }

  /**
   * How many worker nodes are wanted, or why they can never be had.
   *
   * @param registered
   *   executors at this moment
   * @return
   *   None when nobody says, and nothing but the executors that register can tell
   */
  def workers(spec: RayClusterSpec, expected: Expected, registered: Int): Option[Int] = {
    val wanted = spec(Keys.numNodes).orElse(all(expected, registered))
    for (nodes <- wanted; most <- expected.most if most < nodes)
      throw new PlacementException(
        s"Asked for $nodes Ray nodes, and Spark can have at most $most executors here. " +
          "Lower num_nodes, or raise spark.executor.instances (spark.cores.max on a standalone cluster)."
      )
    for (asked <- spec(Keys.cpusPerNode); cores <- expected.cores if asked > cores)
      throw new InvalidSpecException(
        s"Asked for $asked cpus per Ray node, and an executor has $cores cores. " +
          "Lower cpus_per_node, or raise spark.executor.cores."
      )
    wanted
  }

  private def all(expected: Expected, registered: Int): Option[Int] =
    expected.first.map { first =>
      val there = first.max(registered).max(1)
      expected.most.fold(there)(there.min)
    }
}
