package org.apache.spark.rayonspark

import org.apache.spark.{SparkContext, SparkEnv, SparkFiles, TaskContext}
import org.apache.spark.api.python.PythonUtils
import org.apache.spark.util.Utils
import org.rayonspark.node.ExecutorFacts

import java.io.File
import java.net.InetAddress

/** What Spark knows of the JVM that this code runs in, as executor or as driver. */
object SparkExecutor {

  /** Spark's id of this executor; "driver" in the driver's JVM. */
  def id: String = SparkEnv.get.executorId

  /** Facts of an executor, asked from within one of its tasks. */
  def facts(context: TaskContext): ExecutorFacts =
    factsOf(SparkEnv.get, context.resources().get("gpu").toVector.flatMap(_.addresses))

  /** Facts of the driver's JVM, where the head runs. */
  def driverFacts(sc: SparkContext): ExecutorFacts =
    factsOf(sc.env, sc.resources.get("gpu").toVector.flatMap(_.addresses))

  private def factsOf(env: SparkEnv, gpuAddresses: Vector[String]): ExecutorFacts = {
    val isDriver = env.executorId == SparkContext.DRIVER_IDENTIFIER
    val host =
      if (isDriver) env.conf.get("spark.driver.host") else env.blockManager.blockManagerId.host
    val inYarn = YarnContainer.isHere(env.conf, isDriver)
    val here = if (isDriver) None else Some(new File(".").getCanonicalPath)
    val collected = if (inYarn) YarnContainer.logDirectory else None
    ExecutorFacts(
      executorId = env.executorId,
      host = InetAddress.getByName(host.stripPrefix("[").stripSuffix("]")).getHostAddress,
      gpuAddresses = gpuAddresses,
      localDirs = Utils.getConfiguredLocalDirs(env.conf).toVector,
      containerMemory = Option.when(inYarn)(YarnContainer.memory(env.conf, isDriver)),
      logDirectory = collected.orElse(here),
      sharedLogs = collected.isDefined,
      environment = if (inYarn) YarnContainer.environment else Map.empty,
      pythonPath = pythonPath(env)
    )
  }

  /** What Spark's Python workers have on their path, in their order. */
  private def pythonPath(env: SparkEnv): Vector[String] = {
    val files = SparkFiles.getRootDirectory()
    val pyFiles = env.conf.get("spark.submit.pyFiles", "").split(',').toVector.filter(_.nonEmpty)
    val shipped = pyFiles.map(f => new File(files, new File(f).getName).getPath)
    val inherited = PythonUtils.mergePythonPaths(
      PythonUtils.sparkPythonPath,
      sys.env.getOrElse("PYTHONPATH", "")
    )
    (files +: shipped) ++ inherited.split(File.pathSeparator).filter(_.nonEmpty)
  }
}
