package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.Pod
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import org.apache.spark.internal.Logging
import org.rayonspark.threads.Resource

import java.io.IOException
import java.net.{ConnectException, InetSocketAddress, Socket}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/**
 * Deletes what is left of applications whose driver died too suddenly to do it: their executors end
 * themselves, but the executors' pods and configuration stay, because no Kubernetes object owns
 * them.
 */
object PodCleanup extends Logging {

  /**
   * The label of executors' pods that may be deleted: their user did not ask Spark to keep them.
   */
  val label: (String, String) = "rayonspark.org/sweep" -> "true"

  private val connectLimit = 1.second
  private val driver = """spark://[^@]*@(.+):(\d+)""".r

  /**
   * Deletes the leftovers in a namespace.
   *
   * @param application
   *   name of the label whose value is an application's id
   */
  def apply(client: KubernetesClient, namespace: String, application: String): Unit =
    try {
      val labelled = client.pods().inNamespace(namespace).withLabel(label._1, label._2).list()
      val pods = labelled.getItems.asScala.toVector.filter(_.getMetadata.getOwnerReferences.isEmpty)
      pods.groupBy(_.getMetadata.getLabels.get(application)).foreach {
        case (id, left) if left.forall(isOver) && left.flatMap(driverOf).exists(isGone) =>
          logInfo(s"Deleting ${left.size} pods of application $id, whose driver is gone.")
          client.pods().inNamespace(namespace).withLabel(application, id).delete()
          client.configMaps().inNamespace(namespace).withLabel(application, id).delete()
        case _ => ()
      }
    } catch {
      // This must not stop the application that starts now.
      case e: KubernetesClientException =>
        logWarning("Could not delete the pods of dead drivers", e)
    }

  private def isOver(pod: Pod): Boolean = Set("Succeeded", "Failed")(pod.getStatus.getPhase)

  private def driverOf(pod: Pod): Option[(String, Int)] =
    pod.getSpec.getContainers.asScala
      .flatMap(_.getEnv.asScala)
      .find(_.getName == "SPARK_DRIVER_URL")
      .map(_.getValue)
      .collectFirst { case driver(host, port) =>
        (host.stripPrefix("[").stripSuffix("]"), port.toInt)
      }

  /** True if the host answers that no process listens there. A silent host proves nothing. */
  private def isGone(driver: (String, Int)): Boolean =
    try
      Resource.use(new Socket()) { socket =>
        socket.connect(new InetSocketAddress(driver._1, driver._2), connectLimit.toMillis.toInt)
        false
      }
    catch {
      case _: ConnectException => true
      case _: IOException => false
    }
}
