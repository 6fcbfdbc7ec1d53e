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
import scala.jdk.CollectionConverters._

/** The only class that py4j calls. Java types only, and no logic. */
object PythonApi {

  /** Names of the fields of a cluster's specification, in their order. */
  def specFields(): JList[String] = RayClusterSpec.fieldNames()

  /** Checks the request, then starts in the background. `callerPython` is the head's default. */
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
   * Has a Kubernetes cluster judge a driver's configuration before there is a SparkContext; gives
   * the settings that only the cluster knows.
   */
  def checkKubernetes(conf: JMap[String, String]): JMap[String, String] =
    KubernetesDriver.check(new SparkConf(false).setAll(conf.asScala)).asJava

  /** The executors that a running application is about to get. */
  def awaitedExecutors(sc: JavaSparkContext): ExecutorWait = new ExecutorWait(sc.sc)

  /** Submits an application whose driver runs in a pod, by the words of spark-submit. */
  def submitToKubernetes(words: JList[String]): DriverPod =
    KubernetesSubmission.start(words.asScala.toArray)
}
