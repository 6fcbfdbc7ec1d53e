package org.apache.spark.deploy.rayonspark

import io.fabric8.kubernetes.client.KubernetesClient
import org.apache.spark.SparkConf
import org.apache.spark.deploy.{SparkSubmit, SparkSubmitArguments}
import org.apache.spark.deploy.k8s.{Config, Constants}
import org.apache.spark.rayonspark.{KubernetesApi, KubernetesProbe}
import org.rayonspark.PlacementException
import org.rayonspark.pods.{ApiServer, DriverPod}

import java.util.UUID
import scala.util.control.NonFatal

/** Runs spark-submit in this JVM, for a driver in a pod. */
object KubernetesSubmission {

  /**
   * Submits an application and returns its driver's pod, whose log is copied to this process's
   * output.
   *
   * @param words
   *   arguments of spark-submit
   * @throws org.rayonspark.RayOnSparkException
   *   if the API server would not accept the driver's pod, or spark-submit fails
   */
  def start(words: Array[String]): DriverPod = {
    val conf = new SparkSubmitArguments(words.toIndexedSeq).toSparkConf()
    val name = conf
      .get(Config.KUBERNETES_DRIVER_POD_NAME)
      .getOrElse(s"rayonspark-${UUID.randomUUID().toString.take(8)}-driver")
    val added = Map(
      Config.KUBERNETES_DRIVER_POD_NAME.key -> name,
      // Spark's own wait shows neither the log nor how the driver ended.
      Config.WAIT_FOR_APP_COMPLETION.key -> "false"
    )
    val settings = added.toVector.flatMap { case (key, value) => Vector("--conf", s"$key=$value") }
    val client = KubernetesApi.ofSubmission(conf)
    try {
      ApiServer.check(
        client,
        KubernetesApi.namespace(conf),
        KubernetesProbe.ofDriver(client, conf)
      )
      submit(settings ++ words)
      pod(client, conf, name)
    } catch {
      case e: Exception =>
        client.close()
        throw e
    }
  }

  private def submit(words: Vector[String]): Unit =
    try new SparkSubmit().doSubmit(words.toArray)
    catch {
      case NonFatal(e) =>
        throw new PlacementException(
          s"spark-submit could not submit the application to Kubernetes: ${e.getMessage} Fix the " +
            "cause that it names.",
          e
        )
    }

  private def pod(client: KubernetesClient, conf: SparkConf, name: String): DriverPod = {
    val container = conf
      .get(Config.KUBERNETES_DRIVER_PODTEMPLATE_CONTAINER_NAME)
      .getOrElse(Constants.DEFAULT_DRIVER_CONTAINER_NAME)
    new DriverPod(
      client,
      KubernetesApi.namespace(conf),
      name,
      container,
      System.out
    )
  }
}
