package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.{Container, ContainerBuilder, Pod, PodBuilder, Quantity}
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import org.rayonspark.{InvalidSpecException, PlacementException, UnreachableException}

import java.net.HttpURLConnection.{HTTP_FORBIDDEN, HTTP_NOT_FOUND, HTTP_UNAUTHORIZED}

/** Asks the API server whether it would accept a pod, without creating the pod. */
object ApiServer {

  /**
   * Checks that the API server would accept a pod: it must be reachable, accept the credentials,
   * have the namespace, and allow the pod within the rights and the quota there.
   *
   * @throws org.rayonspark.RayOnSparkException
   *   if it would not accept the pod, with the reason
   */
  def check(client: KubernetesClient, namespace: String, pod: Pod): Unit =
    try dryRun(client, namespace, pod)
    catch { case e: KubernetesClientException => throw explained(client, namespace, e) }

  /** Returns why it would refuse such a pod; None if it would accept it or does not answer. */
  def refusal(client: KubernetesClient, namespace: String, pod: Pod): Option[String] =
    try {
      dryRun(client, namespace, pod)
      None
    } catch {
      case e: KubernetesClientException =>
        Option.when(e.getStatus != null)(explained(client, namespace, e).getMessage)
    }

  /**
   * Builds a pod that equals Spark's pod in everything that the API server checks.
   *
   * @param template
   *   the user's pod template, without Spark's container
   * @param container
   *   Spark's container, with the user's settings
   */
  def probe(
      name: String,
      template: Pod,
      container: Container,
      serviceAccount: Option[String],
      image: String,
      cpu: String,
      memoryMiB: Long
  ): Pod = {
    val memory = new Quantity(s"${memoryMiB}Mi")
    val sparkContainer = new ContainerBuilder(container)
      .withName("spark")
      .withImage(image)
      .editOrNewResources()
      .addToRequests("cpu", new Quantity(cpu))
      .addToRequests("memory", memory)
      .addToLimits("memory", memory)
      .endResources()
      .build()
    val pod = new PodBuilder(template)
      .editOrNewMetadata()
      .withName(null)
      .withNamespace(null)
      .withGenerateName(s"$name-")
      .endMetadata()
      .editOrNewSpec()
      .addToContainers(sparkContainer)
      .endSpec()
      .build()
    serviceAccount.foreach(pod.getSpec.setServiceAccountName)
    pod
  }

  private def dryRun(client: KubernetesClient, namespace: String, pod: Pod): Unit = {
    client.pods().inNamespace(namespace).resource(pod).dryRun(true).create()
    ()
  }

  private def explained(
      client: KubernetesClient,
      namespace: String,
      error: KubernetesClientException
  ): RuntimeException = {
    val server = client.getMasterUrl.toString.stripSuffix("/")
    val reason = Option(error.getStatus).flatMap(s => Option(s.getMessage)).getOrElse(rootOf(error))
    val sentence =
      s"The Kubernetes API server at $server refuses a pod of the application: $reason."
    error.getCode match {
      case _ if error.getStatus == null =>
        new UnreachableException(
          s"The Kubernetes API server at $server does not answer: ${rootOf(error)}. Check master " +
            "and the certificates in KUBECONFIG or spark.kubernetes.authenticate.*.",
          error
        )
      case HTTP_UNAUTHORIZED =>
        new PlacementException(
          s"The Kubernetes API server at $server rejects the credentials: $reason. Renew the " +
            "credentials in KUBECONFIG or in spark.kubernetes.authenticate.*.",
          error
        )
      case HTTP_NOT_FOUND =>
        new InvalidSpecException(
          s"""$sentence Check namespace, which is "$namespace" (spark.kubernetes.namespace).""",
          error
        )
      case HTTP_FORBIDDEN if reason.contains("exceeded quota") =>
        new PlacementException(
          s"$sentence Lower cores, memory or num_nodes, or raise the quota of namespace " +
            s""""$namespace".""",
          error
        )
      case HTTP_FORBIDDEN =>
        new PlacementException(
          s"$sentence Grant it the rights, or use another service_account or namespace.",
          error
        )
      case _ => new PlacementException(s"$sentence Fix the cause that it names.", error)
    }
  }

  private def rootOf(error: Throwable): String =
    Iterator
      .iterate(error)(_.getCause)
      .takeWhile(_ != null)
      .flatMap(e => Option(e.getMessage))
      .toVector
      .last
      .stripSuffix(".")
}
