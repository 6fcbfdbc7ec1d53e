package org.apache.spark.rayonspark

import io.fabric8.kubernetes.api.model.Pod
import io.fabric8.kubernetes.client.KubernetesClient
import org.apache.spark.SparkConf
import org.apache.spark.deploy.k8s.Config._
import org.apache.spark.deploy.k8s.{KubernetesUtils, SparkPod}
import org.apache.spark.internal.config.ConfigEntry
import org.rayonspark.InvalidSpecException
import org.rayonspark.pods.ApiServer

/** Builds a pod like the one that Spark would create, for the API server to check. */
object KubernetesProbe {
  private type Named = ConfigEntry[Option[String]]

  private final case class Role(
      name: String,
      template: Named,
      container: Named,
      image: Named,
      cores: Named,
      accounts: Vector[Named]
  )

  private val driver = Role(
    "driver",
    KUBERNETES_DRIVER_PODTEMPLATE_FILE,
    KUBERNETES_DRIVER_PODTEMPLATE_CONTAINER_NAME,
    DRIVER_CONTAINER_IMAGE,
    KUBERNETES_DRIVER_REQUEST_CORES,
    Vector(KUBERNETES_DRIVER_SERVICE_ACCOUNT_NAME)
  )

  private val executor = Role(
    "executor",
    KUBERNETES_EXECUTOR_PODTEMPLATE_FILE,
    KUBERNETES_EXECUTOR_PODTEMPLATE_CONTAINER_NAME,
    EXECUTOR_CONTAINER_IMAGE,
    KUBERNETES_EXECUTOR_REQUEST_CORES,
    Vector(KUBERNETES_EXECUTOR_SERVICE_ACCOUNT_NAME, KUBERNETES_DRIVER_SERVICE_ACCOUNT_NAME)
  )

  def ofDriver(client: KubernetesClient, conf: SparkConf): Pod = probe(client, conf, driver)

  def ofExecutor(client: KubernetesClient, conf: SparkConf): Pod = probe(client, conf, executor)

  private def probe(client: KubernetesClient, conf: SparkConf, role: Role): Pod = {
    val template = conf
      .get(role.template)
      .fold(SparkPod.initialPod()) {
        KubernetesUtils.loadPodFromTemplate(client, _, conf.get(role.container), conf)
      }
    ApiServer.probe(
      s"rayonspark-probe-${role.name}",
      template.pod,
      template.container,
      role.accounts.flatMap(conf.get(_)).headOption,
      conf.get(role.image).getOrElse(throw noImage),
      conf.get(role.cores).getOrElse(conf.get(s"spark.${role.name}.cores", "1")),
      ContainerMemory(conf, isDriver = role == driver) >> 20
    )
  }

  private def noImage = new InvalidSpecException(
    "Spark's pods need an image with Spark, Python and Ray, and none is set. Set " +
      "container_image (spark.kubernetes.container.image)."
  )
}
