package org.apache.spark.rayonspark

import io.fabric8.kubernetes.client.KubernetesClient
import org.apache.spark.{SparkConf, SparkContext}
import org.apache.spark.deploy.k8s.Config
import org.apache.spark.deploy.k8s.Constants.{
  SPARK_APP_ID_LABEL,
  SPARK_POD_EXECUTOR_ROLE,
  SPARK_ROLE_LABEL
}
import org.rayonspark.pods.{ApiPods, ApiServer, Pods, PodSweep}

import scala.util.Using

/** A driver whose executors are pods. */
object KubernetesDriver {

  def isMaster(master: String): Boolean = master.startsWith("k8s://")

  /**
   * Has the cluster judge a configuration before there is a SparkContext, which would wait for
   * executors that can never come. What dead drivers have left there is removed.
   *
   * @return
   *   settings that only the cluster knows: the pod that this driver is in, which its executors'
   *   pods then end with
   */
  def check(conf: SparkConf): Map[String, String] =
    Using.resource(KubernetesApi.ofDriver(conf)) { client =>
      val namespace = KubernetesApi.namespace(conf)
      ApiServer.check(client, namespace, KubernetesProbe(conf, isDriver = false))
      PodSweep(client, namespace, SPARK_APP_ID_LABEL)
      if (conf.contains(Config.KUBERNETES_DRIVER_POD_NAME)) Map.empty
      else
        ownPod(client, namespace)
          .map(Config.KUBERNETES_DRIVER_POD_NAME.key -> _)
          .toMap
    }

  /** The executors' pods of a running application. */
  def pods(sc: SparkContext): Pods = {
    val labels = Map(
      SPARK_APP_ID_LABEL -> sc.applicationId,
      SPARK_ROLE_LABEL -> SPARK_POD_EXECUTOR_ROLE
    )
    new ApiPods(
      KubernetesApi.ofDriver(sc.conf),
      KubernetesApi.namespace(sc.conf),
      labels,
      KubernetesProbe(sc.conf, isDriver = false)
    )
  }

  /** A pod's host name is its own name, unless its maker chose another, or it has the host's. */
  private def ownPod(client: KubernetesClient, namespace: String): Option[String] =
    for {
      _ <- sys.env.get("KUBERNETES_SERVICE_HOST")
      name <- sys.env.get("HOSTNAME")
      pod <- Option(client.pods().inNamespace(namespace).withName(name).get())
    } yield pod.getMetadata.getName
}
