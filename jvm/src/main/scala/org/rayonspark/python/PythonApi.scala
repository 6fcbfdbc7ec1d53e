package org.rayonspark.python

import org.apache.spark.deploy.rayonspark.StandaloneCluster
import org.apache.spark.sql.SparkSession
import org.rayonspark.{RayCluster, RayClusterSpec}

import java.util.{List => JList, Map => JMap}

/** The only class that py4j calls. Java types only, and no logic. */
object PythonApi {

  /** Names of the fields of a cluster's specification, in their order. */
  def specFields(): JList[String] = RayClusterSpec.fieldNames()

  /** Checks the request, then starts in the background. `callerPython` runs the head. */
  def start(
      spark: SparkSession,
      fields: JMap[String, String],
      callerPython: String
  ): ClusterHandle =
    new ClusterHandle(
      RayCluster.begin(spark, RayClusterSpec.fromArguments(fields), Some(callerPython))
    )

  def startStandalone(
      workers: Int,
      coresPerWorker: Int,
      memoryMiBPerWorker: Int,
      directory: String
  ): StandaloneCluster =
    StandaloneCluster.start(workers, coresPerWorker, memoryMiBPerWorker, directory)
}
