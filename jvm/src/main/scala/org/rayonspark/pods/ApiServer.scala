package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.{Container, ContainerBuilder, Pod, PodBuilder, Quantity}
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import org.rayonspark.{InvalidSpecException, PlacementException, UnreachableException}

import java.net.HttpURLConnection.{HTTP_FORBIDDEN, HTTP_NOT_FOUND, HTTP_UNAUTHORIZED}

/** What the API server thinks of a pod before there is one. */
object ApiServer {

  /**
   * Has the API server judge a pod without making it: it must be there, know us, have the
   * namespace, and allow us a pod within its quota.
   *
   * @throws org.rayonspark.RayOnSparkException
   *   why it would not
   */
  def check(client: KubernetesClient, namespace: String, pod: Pod): Unit =
    try dryRun(client, namespace, pod)
    catch { case e: KubernetesClientException => throw explained(client, namespace, e) }

  /** Why it would not take such a pod; None where it would, or does not answer. */
  def refusal(client: KubernetesClient, namespace: String, pod: Pod): Option[String] =
    try {
      dryRun(client, namespace, pod)
      None
    } catch {
      case e: KubernetesClientException =>
        Option.when(e.getStatus != null)(explained(client, namespace, e).getMessage)
    }

  /**
   * A pod such as Spark makes, as far as the API server judges it.
   *
   * @param template
   *   the user's pod, without the container in which Spark will be
   * @param container
   *   that one, with what the user has set of it
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
    val sparks = new ContainerBuilder(container)
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
      .addToContainers(sparks)
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
    val said = Option(error.getStatus).flatMap(s => Option(s.getMessage)).getOrElse(rootOf(error))
    val sentence = s"The Kubernetes API server at $server refuses a pod of the application: $said."
    error.getCode match {
      case _ if error.getStatus == null =>
        new UnreachableException(
          s"The Kubernetes API server at $server does not answer: ${rootOf(error)}. Check master, " +
            "and the certificates in KUBECONFIG or spark.kubernetes.authenticate.*.",
          error
        )
      case HTTP_UNAUTHORIZED =>
        new PlacementException(
          s"The Kubernetes API server at $server does not know who we are: $said. Renew the " +
            "credentials in KUBECONFIG, or those of spark.kubernetes.authenticate.*.",
          error
        )
      case HTTP_NOT_FOUND =>
        new InvalidSpecException(
          s"$sentence Check namespace, which is \"$namespace\" (spark.kubernetes.namespace).",
          error
        )
      case HTTP_FORBIDDEN if said.contains("exceeded quota") =>
        new PlacementException(
          s"$sentence Lower cores, memory or num_nodes, or have the quota of namespace " +
            s"\"$namespace\" raised.",
          error
        )
      case HTTP_FORBIDDEN =>
        new PlacementException(
          s"$sentence Have the rights given to it, or use another service_account or namespace.",
          error
        )
      case _ => new PlacementException(s"$sentence Change what it names.", error)
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
