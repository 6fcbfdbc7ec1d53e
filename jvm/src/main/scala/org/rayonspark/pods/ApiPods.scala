package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.{ContainerStatus, Pod}
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import org.apache.spark.internal.Logging

import scala.collection.JavaConverters._

/**
 * Reads the pods of an application's executors from the API server.
 *
 * @param labels
 *   the labels of the executors' pods
 * @param probe
 *   a pod like theirs, for the API server to check
 */
final class ApiPods(
    client: KubernetesClient,
    namespace: String,
    labels: Map[String, String],
    probe: Pod
) extends Pods
    with Logging {

  override def list(): Vector[PodSummary] =
    client
      .pods()
      .inNamespace(namespace)
      .withLabels(labels.asJava)
      .list()
      .getItems
      .asScala
      .toVector
      .map(summary)

  override def refusal(): Option[String] = ApiServer.refusal(client, namespace, probe)

  override def close(): Unit = client.close()

  /** Returns what this pod shows now, with its events and its log if something is wrong. */
  def summary(pod: Pod): PodSummary = {
    val status = ApiPods.statusOf(pod)
    if (status.stuck.isEmpty && status.unschedulable.isEmpty && status.ended.isEmpty) status
    else {
      val events = eventsOf(status.name)
      status.copy(
        scalingUp = events.exists { case (reason, _) => ApiPods.autoscalers(reason) },
        events = events.map { case (reason, message) => s"$reason: $message" },
        logTail = if (status.ended.isDefined) logTail(status.name) else Vector.empty
      )
    }
  }

  private def eventsOf(pod: String): Vector[(String, String)] =
    optional(Vector.empty[(String, String)]) {
      client
        .v1()
        .events()
        .inNamespace(namespace)
        .withField("involvedObject.name", pod)
        .list()
        .getItems
        .asScala
        .toVector
        .sortBy(event => Option(event.getLastTimestamp).getOrElse(""))
        .filter(event => event.getType == "Warning" && !ApiPods.early(event.getReason))
        .map(event => event.getReason -> event.getMessage.trim.stripSuffix("."))
        .distinct
        .takeRight(ApiPods.shownEvents)
    }

  private def logTail(pod: String): Vector[String] = optional(Vector.empty[String]) {
    client
      .pods()
      .inNamespace(namespace)
      .withName(pod)
      .tailingLines(ApiPods.shownLines)
      .getLog
      .linesIterator
      .toVector
  }

  /** Runs a request whose result is optional, and which needs rights that Spark itself does not. */
  private def optional[T](otherwise: T)(request: => T): T =
    try request
    catch {
      case e: KubernetesClientException =>
        logDebug("The API server did not answer an optional request", e)
        otherwise
    }
}

object ApiPods {
  private val shownEvents = 4
  private val shownLines = 10

  /** Events of the cluster autoscaler and of Karpenter when they add a host. */
  private val autoscalers = Set("TriggeredScaleUp", "Nominated")

  /** Warnings with which Spark's pods often start: Spark creates their configuration after them. */
  private val early = Set("FailedMount")

  /** Reasons for waiting that pass without help, or that may still pass. */
  private val passing = Set("ContainerCreating", "PodInitializing", "ErrImagePull")

  /** Reads only the pod's own status. */
  private[pods] def statusOf(pod: Pod): PodSummary = {
    val status = pod.getStatus
    val containers = status.getContainerStatuses.asScala.toVector
    PodSummary(
      name = pod.getMetadata.getName,
      phase = status.getPhase,
      unschedulable = status.getConditions.asScala.collectFirst {
        case c if c.getType == "PodScheduled" && c.getReason == "Unschedulable" => c.getMessage
      },
      stuck = containers.flatMap(waiting).headOption,
      ended = containers.flatMap(terminated).headOption
    )
  }

  private def waiting(container: ContainerStatus): Option[String] =
    Option(container.getState)
      .flatMap(state => Option(state.getWaiting))
      .filter(w => w.getReason != null && !passing(w.getReason))
      .map(w => reason(w.getReason, w.getMessage))

  private def terminated(container: ContainerStatus): Option[String] =
    Option(container.getState)
      .flatMap(state => Option(state.getTerminated))
      .filter(_.getExitCode != 0)
      .map(t => s"exit code ${t.getExitCode} (${reason(t.getReason, t.getMessage)})")

  private def reason(word: String, message: String): String =
    (Option(word) ++ Option(message).map(_.trim.stripSuffix("."))).mkString(": ")
}
