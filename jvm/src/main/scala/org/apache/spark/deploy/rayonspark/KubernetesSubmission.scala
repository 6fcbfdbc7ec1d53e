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

/** spark-submit for a driver in a pod, within this JVM. */
object KubernetesSubmission {

  /**
   * Submits an application, and gives its driver's pod, whose log goes to this process's output.
   *
   * @param words
   *   of spark-submit's command line
   */
  def start(words: Array[String]): DriverPod = {
    val asked = new SparkSubmitArguments(words.toIndexedSeq).toSparkConf()
    val name = asked
      .get(Config.KUBERNETES_DRIVER_POD_NAME)
      .getOrElse(s"rayonspark-${UUID.randomUUID().toString.take(8)}-driver")
    val ours = Map(
      Config.KUBERNETES_DRIVER_POD_NAME.key -> name,
      // Spark's own waiting knows neither the log nor what became of the driver.
      Config.WAIT_FOR_APP_COMPLETION.key -> "false"
    )
    val settings = ours.toVector.flatMap { case (key, value) => Vector("--conf", s"$key=$value") }
    val client = KubernetesApi.ofSubmission(asked)
    try {
      ApiServer.check(
        client,
        KubernetesApi.namespace(asked),
        KubernetesProbe(asked, isDriver = true)
      )
      submit(settings ++ words)
      pod(client, asked, name)
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
          s"spark-submit did not take the application to Kubernetes: ${e.getMessage} Change what " +
            "it names.",
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
