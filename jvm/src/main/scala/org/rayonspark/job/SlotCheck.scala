package org.rayonspark.job

import org.rayonspark.{InvalidSpecException, PlacementException, RayClusterSpec}
import org.rayonspark.conf.Keys

/** Checks a request for nodes before any job is submitted. */
object SlotCheck {
  private val localCluster = """local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,\s*\d+\s*]""".r

  /**
   * What a configuration says about executors. None for what it does not say.
   *
   * @param max
   *   the largest number of executors that the application can have
   * @param initial
   *   the number of executors that Spark requests when the application starts; equal to `max`
   *   unless allocation is dynamic
   * @param cores
   *   task slots of each executor
   * @param gpus
   *   GPUs of each executor
   */
  final case class Expected(
      max: Option[Int],
      initial: Option[Int],
      cores: Option[Int],
      gpus: Int = 0
  )

  def expected(master: String, conf: String => Option[String]): Expected = {
    def number(key: String): Option[Int] = conf(key).flatMap(_.toIntOption)
    val dynamic = conf("spark.dynamicAllocation.enabled").contains("true")
    val cores = number("spark.executor.cores")
    def all(max: Option[Int], cores: Option[Int]): Expected = Expected(max, max, cores)
    val executors = master match {
      case localCluster(workers, workerCores) =>
        val perExecutor = cores.getOrElse(workerCores.toInt)
        all(Some(workers.toInt * (workerCores.toInt / perExecutor)), Some(perExecutor))
      case _ if dynamic =>
        val initial = Vector(
          number("spark.dynamicAllocation.initialExecutors"),
          number("spark.dynamicAllocation.minExecutors"),
          number("spark.executor.instances")
        ).flatten
        val max = number("spark.dynamicAllocation.maxExecutors")
        Expected(max, Some(initial.maxOption.getOrElse(0)), cores)
      case _ if master.startsWith("spark://") =>
        all(for { max <- number("spark.cores.max"); each <- cores } yield max / each, cores)
      case _ =>
        all(
          Some(number("spark.executor.instances").getOrElse(2)),
          cores.orElse(Some(1))
        )
    }
    executors.copy(gpus = number("spark.executor.resource.gpu.amount").getOrElse(0))
  }

  /**
   * Returns how many worker nodes to start.
   *
   * @param registered
   *   number of executors that are registered now
   * @return
   *   None if neither the request nor the configuration gives a number: then the executors that
   *   register determine it
   * @throws org.rayonspark.RayOnSparkException
   *   if the application can never have the nodes
   */
  def workers(spec: RayClusterSpec, expected: Expected, registered: Int): Option[Int] = {
    val wanted = spec(Keys.numNodes).orElse(all(expected, registered))
    for (nodes <- wanted; max <- expected.max if max < nodes)
      throw new PlacementException(
        s"Asked for $nodes Ray nodes, but Spark can have at most $max executors here. " +
          "Lower num_nodes, or raise spark.executor.instances (spark.cores.max on a standalone " +
          "cluster)."
      )
    for (asked <- spec(Keys.cpusPerNode); cores <- expected.cores if asked > cores)
      throw new InvalidSpecException(
        s"Asked for $asked cpus per Ray node, but an executor has $cores cores. " +
          "Lower cpus_per_node, or raise spark.executor.cores."
      )
    for (asked <- spec(Keys.gpusPerNode) if asked > expected.gpus)
      throw new InvalidSpecException(
        s"Asked for ${asked.toInt} GPUs per Ray node, but an executor has ${expected.gpus} from " +
          "Spark. Lower gpus_per_node, or raise spark.executor.resource.gpu.amount."
      )
    wanted
  }

  private def all(expected: Expected, registered: Int): Option[Int] =
    expected.initial.map { initial =>
      val nodes = initial.max(registered).max(1)
      expected.max.fold(nodes)(nodes.min)
    }
}
