package org.apache.spark.rayonspark

import io.fabric8.kubernetes.client.KubernetesClient
import org.apache.spark.{SparkConf, SparkContext}
import org.apache.spark.deploy.k8s.Config
import org.apache.spark.deploy.k8s.Constants.{
  SPARK_APP_ID_LABEL,
  SPARK_POD_EXECUTOR_ROLE,
  SPARK_ROLE_LABEL
}
import org.rayonspark.pods.{ApiPods, ApiServer, PodCleanup, Pods}
import org.rayonspark.threads.Resource

/** What a driver does on Kubernetes, where its executors are pods. */
object KubernetesDriver {

  def isMaster(master: String): Boolean = master.startsWith("k8s://")

  /**
   * Checks a configuration with the cluster before there is a SparkContext, which would wait for
   * executors that can never start. Also deletes what dead drivers have left in the namespace.
   *
   * @return
   *   settings that only the cluster knows: the name of the pod that this driver runs in, so that
   *   its executors' pods end with it
   * @throws org.rayonspark.RayOnSparkException
   *   if the API server would not accept an executor's pod
   */
  def check(conf: SparkConf): Map[String, String] =
    Resource.use(KubernetesApi.ofDriver(conf)) { client =>
      val namespace = KubernetesApi.namespace(conf)
      ApiServer.check(client, namespace, KubernetesProbe.ofExecutor(client, conf))
      PodCleanup(client, namespace, SPARK_APP_ID_LABEL)
      if (conf.contains(Config.KUBERNETES_DRIVER_POD_NAME)) Map.empty
      else
        ownPod(client, namespace)
          .map(Config.KUBERNETES_DRIVER_POD_NAME.key -> _)
          .toMap
    }

  /** Returns the executors' pods of a running application. */
  def pods(sc: SparkContext): Pods = {
    val labels = Map(
      SPARK_APP_ID_LABEL -> sc.applicationId,
      SPARK_ROLE_LABEL -> SPARK_POD_EXECUTOR_ROLE
    )
    val client = KubernetesApi.ofDriver(sc.conf)
    val probe = KubernetesProbe.ofExecutor(client, sc.conf)
    new ApiPods(client, KubernetesApi.namespace(sc.conf), labels, probe)
  }

  /** A pod's host name is the pod's name, unless its spec sets another or uses the host's. */
  private def ownPod(client: KubernetesClient, namespace: String): Option[String] =
    for {
      _ <- sys.env.get("KUBERNETES_SERVICE_HOST")
      name <- sys.env.get("HOSTNAME")
      pod <- Option(client.pods().inNamespace(namespace).withName(name).get())
    } yield pod.getMetadata.getName
}
