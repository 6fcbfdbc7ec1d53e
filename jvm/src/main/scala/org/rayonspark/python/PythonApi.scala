package org.rayonspark.python

import org.apache.spark.SparkConf
import org.apache.spark.api.java.JavaSparkContext
import org.apache.spark.deploy.rayonspark.{KubernetesSubmission, StandaloneCluster}
import org.apache.spark.rayonspark.KubernetesDriver
import org.apache.spark.sql.SparkSession
import org.rayonspark.{RayCluster, RayClusterSpec}
import org.rayonspark.job.ExecutorWait
import org.rayonspark.pods.DriverPod

import java.util.{List => JList, Map => JMap}
import scala.collection.JavaConverters._

/** The entry point for py4j: Java types only, no logic. Its methods return the other handles. */
object PythonApi {

  /** Returns the names of the fields of a cluster's specification, in their order. */
  def specFields(): JList[String] = RayClusterSpec.fieldNames()

  /** Checks the request, then starts in the background. The head runs `callerPython` by default. */
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

  /**
   * Checks a driver's configuration with its Kubernetes cluster before there is a SparkContext.
   * Returns the settings that only the cluster knows.
   */
  def checkKubernetes(conf: JMap[String, String]): JMap[String, String] =
    KubernetesDriver.check(new SparkConf(false).setAll(conf.asScala)).asJava

  /** Returns the handle that waits for a running application's executors. */
  def awaitedExecutors(sc: JavaSparkContext): ExecutorWait = new ExecutorWait(sc.sc)

  /** Submits an application whose driver runs in a pod. `words` are spark-submit's arguments. */
  def submitToKubernetes(words: JList[String]): DriverPod =
    KubernetesSubmission.start(words.asScala.toArray)
}
