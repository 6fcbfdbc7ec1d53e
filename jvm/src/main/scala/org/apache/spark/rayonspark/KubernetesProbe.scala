package org.apache.spark.rayonspark

import io.fabric8.kubernetes.api.model.Pod
import io.fabric8.kubernetes.client.KubernetesClient
import org.apache.spark.SparkConf
import org.apache.spark.deploy.k8s.{Config, KubernetesUtils, SparkPod}
import org.rayonspark.InvalidSpecException
import org.rayonspark.pods.ApiServer

/** A pod such as Spark would make of its configuration, for the API server to judge. */
object KubernetesProbe {

  def ofDriver(client: KubernetesClient, conf: SparkConf): Pod = {
    val file = conf.get(Config.KUBERNETES_DRIVER_PODTEMPLATE_FILE)
    val container = conf.get(Config.KUBERNETES_DRIVER_PODTEMPLATE_CONTAINER_NAME)
    probe(
      conf,
      "driver",
      template(client, conf, file, container),
      conf.get(Config.KUBERNETES_DRIVER_SERVICE_ACCOUNT_NAME),
      conf.get(Config.DRIVER_CONTAINER_IMAGE),
      conf.get(Config.KUBERNETES_DRIVER_REQUEST_CORES)
    )
  }

  def ofExecutor(client: KubernetesClient, conf: SparkConf): Pod = {
    val file = conf.get(Config.KUBERNETES_EXECUTOR_PODTEMPLATE_FILE)
    val container = conf.get(Config.KUBERNETES_EXECUTOR_PODTEMPLATE_CONTAINER_NAME)
    probe(
      conf,
      "executor",
      template(client, conf, file, container),
      conf
        .get(Config.KUBERNETES_EXECUTOR_SERVICE_ACCOUNT_NAME)
        .orElse(conf.get(Config.KUBERNETES_DRIVER_SERVICE_ACCOUNT_NAME)),
      conf.get(Config.EXECUTOR_CONTAINER_IMAGE),
      conf.get(Config.KUBERNETES_EXECUTOR_REQUEST_CORES)
    )
  }

  private def probe(
      conf: SparkConf,
      role: String,
      template: SparkPod,
      account: Option[String],
      image: Option[String],
      cores: Option[String]
  ): Pod = ApiServer.probe(
    s"rayonspark-probe-$role",
    template.pod,
    template.container,
    account,
    image.getOrElse(throw noImage),
    cores.getOrElse(conf.get(s"spark.$role.cores", "1")),
    ContainerMemory(conf, isDriver = role == "driver") >> 20
  )

  private def template(
      client: KubernetesClient,
      conf: SparkConf,
      file: Option[String],
      container: Option[String]
  ): SparkPod =
    file.fold(SparkPod.initialPod())(
      KubernetesUtils.loadPodFromTemplate(client, _, container, conf)
    )

  private def noImage = new InvalidSpecException(
    "Pods of Spark need an image with Spark, Python and Ray, and none is named. Give " +
      "container_image (spark.kubernetes.container.image)."
  )
}
