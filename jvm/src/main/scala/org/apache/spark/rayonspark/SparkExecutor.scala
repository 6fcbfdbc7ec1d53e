package org.apache.spark.rayonspark

import org.apache.spark.{SparkContext, SparkEnv, SparkFiles, TaskContext}
import org.apache.spark.api.python.PythonUtils
import org.apache.spark.util.Utils
import org.rayonspark.node.{AddedPyFiles, ExecutorInfo}

import java.io.File
import java.net.InetAddress

/** Reads what Spark knows about this JVM, on an executor or on the driver. */
object SparkExecutor {

  /** Spark's id of this executor; "driver" in the driver's JVM. */
  def id: String = SparkEnv.get.executorId

  /** Describes this executor. Call it from one of the executor's tasks. */
  def info(context: TaskContext): ExecutorInfo =
    infoOf(SparkEnv.get, context.resources().get("gpu").toVector.flatMap(_.addresses))

  /** Describes the driver's JVM, next to which the head runs. */
  def driverInfo(sc: SparkContext): ExecutorInfo = {
    val gpus = sc.resources.get("gpu").toVector.flatMap(_.addresses)
    // On a local master, Spark sets the executors' variables for its Python workers alone.
    val variables = if (sc.isLocal) sc.getConf.getExecutorEnv.toMap else Map.empty[String, String]
    val info = infoOf(sc.env, gpus, variables.getOrElse("PYTHONPATH", ""))
    info.copy(environment = info.environment ++ variables)
  }

  private def infoOf(
      env: SparkEnv,
      gpuAddresses: Vector[String],
      ofWorkers: String = ""
  ): ExecutorInfo = {
    val isDriver = env.executorId == SparkContext.DRIVER_IDENTIFIER
    val host =
      if (isDriver) env.conf.get("spark.driver.host") else env.blockManager.blockManagerId.host
    val inYarn = YarnContainer.isHere(env.conf, isDriver)
    val here = if (isDriver) None else Some(new File(".").getCanonicalPath)
    val collected = if (inYarn) YarnContainer.logDirectory else None
    ExecutorInfo(
      executorId = env.executorId,
      host = address(host),
      gpuAddresses = gpuAddresses,
      localDirs = Utils.getConfiguredLocalDirs(env.conf).toVector,
      containerMemory = if (inYarn) Some(YarnContainer.memory(env.conf, isDriver)) else None,
      logDirectory = collected.orElse(here),
      sharedLogs = collected.isDefined,
      environment = if (inYarn) YarnContainer.environment else Map.empty,
      pythonPath = pythonPath(env, ofWorkers),
      fetchedFiles = SparkFiles.getRootDirectory()
    )
  }

  /** Returns the IP address of a host; of a wildcard, the address that Spark gives this machine. */
  def address(host: String): String = {
    val address = InetAddress.getByName(host.stripPrefix("[").stripSuffix("]"))
    if (!address.isAnyLocalAddress) address.getHostAddress
    else InetAddress.getByName(Utils.localCanonicalHostName()).getHostAddress
  }

  /**
   * The Python path of Spark's Python workers, in their order. Spark has fetched the files that
   * `addPyFile` has added before the task or, on the driver, at that call.
   *
   * @param ofWorkers
   *   the PYTHONPATH that only Spark's Python workers have
   */
  private def pythonPath(env: SparkEnv, ofWorkers: String): Vector[String] = {
    val files = SparkFiles.getRootDirectory()
    val archives = AddedPyFiles.archives(new File(files)).map(_.getPath)
    val pyFiles = env.conf.get("spark.submit.pyFiles", "").split(',').toVector.filter(_.nonEmpty)
    val shipped = pyFiles.map(f => new File(files, new File(f).getName).getPath)
    val inherited = PythonUtils
      .mergePythonPaths(
        PythonUtils.sparkPythonPath,
        ofWorkers,
        sys.env.getOrElse("PYTHONPATH", "")
      )
      .split(File.pathSeparator)
      .filter(_.nonEmpty)
    ((files +: shipped) ++ archives.sorted).distinct ++ inherited
  }
}
