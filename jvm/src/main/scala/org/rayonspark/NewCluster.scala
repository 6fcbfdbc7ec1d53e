package org.rayonspark

import org.apache.spark.SparkContext
import org.apache.spark.rayonspark.SparkDriver
import org.rayonspark.conf.{Auth, Keys, PythonInterpreters}
import org.rayonspark.job.SlotCheck
import org.rayonspark.supervision.{ClusterState, ExecutorRegistration, LaunchTemplate}

import java.security.SecureRandom

/**
 * The initial state of a cluster, derived from the user's spec and the Spark application.
 *
 * @param gpus
 *   GPUs that each task that places a node requests; 0 for none
 */
private[rayonspark] final case class NewCluster(state: ClusterState, gpus: Int)

private[rayonspark] object NewCluster {
  private val random = new SecureRandom
  private val tokenBytes = 32
  private val idBytes = 3

  def of(sc: SparkContext, requested: RayClusterSpec, headPython: Option[String]): NewCluster = {
    if (sc.isStopped)
      throw new ClusterStoppedException(
        "The SparkContext is stopped. Create a new SparkSession, and start the Ray cluster with it."
      )
    val spec = requested.over(sc.getConf.getAll.toMap)
    val localCores = SparkDriver.localCores(sc)
    val pythons =
      PythonInterpreters.of(spec(Keys.python), headPython, sc.getConf.getOption, sys.env.get)
    val launchTemplate = LaunchTemplate(
      driverCores = localCores.getOrElse(0),
      headPython = pythons.head,
      python = pythons.executors,
      environment = spec(Keys.env) ++ authEnvironment(spec) ++ usageEnvironment(spec),
      inherit = spec(Keys.envPassthrough),
      ports = spec.portPolicy,
      tempDirectory = spec(Keys.tempDir),
      logDirectory = spec(Keys.logDir)
    )
    val expected = SlotCheck.expected(sc.master, sc.getConf.getOption)
    val workers = if (localCores.isDefined) Some(0) else workersOf(sc, spec, expected)
    val dynamic =
      localCores.isEmpty && sc.getConf.getBoolean("spark.dynamicAllocation.enabled", false)
    val state = ClusterState(
      hex(idBytes),
      spec,
      workers.getOrElse(1),
      dynamic,
      launchTemplate,
      counting = workers.isEmpty
    )
    val gpus = if (spec(Keys.gpusPerNode).contains(0.0)) 0 else expected.gpus
    NewCluster(state, gpus)
  }

  /** Returns None if the number depends on how many executors register. */
  private def workersOf(
      sc: SparkContext,
      spec: RayClusterSpec,
      expected: SlotCheck.Expected
  ): Option[Int] = {
    val registered = SparkDriver.executors(sc).size
    val all = SparkDriver.sinceLastExecutor(sc).filter(_ > ExecutorRegistration.settled)
    SlotCheck.workers(spec, expected, registered).orElse(all.map(_ => registered))
  }

  private def authEnvironment(spec: RayClusterSpec): Map[String, String] = spec(Keys.auth) match {
    case Auth.Token => Map("RAY_AUTH_MODE" -> "token", "RAY_AUTH_TOKEN" -> hex(tokenBytes))
    case Auth.Disabled => Map("RAY_AUTH_MODE" -> "disabled")
  }

  /** Turned off, Ray would still report that it is turned off, unless it has no address for it. */
  private def usageEnvironment(spec: RayClusterSpec): Map[String, String] =
    if (spec(Keys.usageStats)) Map("RAY_USAGE_STATS_ENABLED" -> "1")
    else Map("RAY_USAGE_STATS_ENABLED" -> "0", "RAY_USAGE_STATS_REPORT_URL" -> "")

  private def hex(bytes: Int): String = {
    val drawn = new Array[Byte](bytes)
    random.nextBytes(drawn)
    drawn.map(byte => f"$byte%02x").mkString
  }
}
