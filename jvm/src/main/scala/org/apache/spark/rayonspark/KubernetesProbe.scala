package org.apache.spark.rayonspark

import io.fabric8.kubernetes.api.model.Pod
import org.apache.spark.SparkConf
import org.apache.spark.deploy.k8s.Config
import org.rayonspark.InvalidSpecException
import org.rayonspark.pods.ApiServer

/** A pod such as Spark would make of its configuration, for the API server to judge. */
object KubernetesProbe {

  def apply(conf: SparkConf, isDriver: Boolean): Pod = {
    val image = if (isDriver) Config.DRIVER_CONTAINER_IMAGE else Config.EXECUTOR_CONTAINER_IMAGE
    val cores =
      if (isDriver) Config.KUBERNETES_DRIVER_REQUEST_CORES
      else Config.KUBERNETES_EXECUTOR_REQUEST_CORES
    val role = if (isDriver) "driver" else "executor"
    ApiServer.probe(
      s"rayonspark-probe-$role",
      conf.get(image).getOrElse(throw noImage),
      conf.get(cores).getOrElse(conf.get(s"spark.$role.cores", "1")),
      ContainerMemory(conf, isDriver) >> 20
    )
  }

  private def noImage = new InvalidSpecException(
    "Pods of Spark need an image with Spark, Python and Ray, and none is named. Give " +
      "container_image (spark.kubernetes.container.image)."
  )
}
