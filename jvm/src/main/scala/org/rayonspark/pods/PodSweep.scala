package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.Pod
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import org.apache.spark.internal.Logging

import java.io.IOException
import java.net.{ConnectException, InetSocketAddress, Socket}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._
import scala.util.Using

/**
 * Removes what is left of applications whose driver died too suddenly to do so: executors end
 * themselves then, but their pods and configuration stay, because nobody owns them.
 */
object PodSweep extends Logging {

  /** Of executors' pods that may be removed so: their user has not asked Spark to keep them. */
  val label: (String, String) = "rayonspark.org/sweep" -> "true"

  private val connectLimit = 1.second
  private val driver = """spark://[^@]*@(.+):(\d+)""".r

  /**
   * @param application
   *   the label whose value is an application's id
   */
  def apply(client: KubernetesClient, namespace: String, application: String): Unit =
    try {
      val ours = client.pods().inNamespace(namespace).withLabel(label._1, label._2).list()
      val pods = ours.getItems.asScala.toVector.filter(_.getMetadata.getOwnerReferences.isEmpty)
      pods.groupBy(_.getMetadata.getLabels.get(application)).foreach {
        case (id, left) if left.forall(isOver) && left.flatMap(driverOf).exists(isGone) =>
          logInfo(s"Removing ${left.size} pods of application $id, whose driver is gone.")
          client.pods().inNamespace(namespace).withLabel(application, id).delete()
          client.configMaps().inNamespace(namespace).withLabel(application, id).delete()
        case _ => ()
      }
    } catch {
      // It is no business of the application that starts now.
      case e: KubernetesClientException => logWarning("Pods of dead drivers were not removed", e)
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

  /** Only a host that answers can say that nobody listens there any more. */
  private def isGone(driver: (String, Int)): Boolean =
    try
      Using.resource(new Socket()) { socket =>
        socket.connect(new InetSocketAddress(driver._1, driver._2), connectLimit.toMillis.toInt)
        false
      }
    catch {
      case _: ConnectException => true
      case _: IOException => false
    }
}
