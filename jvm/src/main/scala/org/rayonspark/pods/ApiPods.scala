package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.{ContainerStatus, Pod}
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import org.apache.spark.internal.Logging

import scala.jdk.CollectionConverters._

/**
 * Pods as the API server tells of them.
 *
 * @param labels
 *   of the executors' pods
 * @param probe
 *   a pod such as theirs
 */
final class ApiPods(
    client: KubernetesClient,
    namespace: String,
    labels: Map[String, String],
    probe: Pod
) extends Pods
    with Logging {

  override def list(): Vector[PodFacts] =
    client
      .pods()
      .inNamespace(namespace)
      .withLabels(labels.asJava)
      .list()
      .getItems
      .asScala
      .toVector
      .map(facts)

  override def refusal(): Option[String] = ApiServer.refusal(client, namespace, probe)

  override def close(): Unit = client.close()

  /** What this pod shows now. */
  def facts(pod: Pod): PodFacts = {
    val bare = ApiPods.facts(pod)
    if (bare.stuck.isEmpty && bare.unschedulable.isEmpty && bare.ended.isEmpty) bare
    else {
      val events = eventsOf(bare.name)
      bare.copy(
        scalingUp = events.exists { case (reason, _) => ApiPods.autoscalers(reason) },
        events = events.map { case (reason, message) => s"$reason: $message" },
        lastWords = if (bare.ended.isDefined) lastWords(bare.name) else Vector.empty
      )
    }
  }

  private def eventsOf(pod: String): Vector[(String, String)] =
    ask(Vector.empty[(String, String)]) {
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

  private def lastWords(pod: String): Vector[String] = ask(Vector.empty[String]) {
    client
      .pods()
      .inNamespace(namespace)
      .withName(pod)
      .tailingLines(ApiPods.shownLines)
      .getLog
      .linesIterator
      .toVector
  }

  /** What is nice to know, and needs rights that Spark itself can do without. */
  private def ask[T](otherwise: T)(question: => T): T =
    try question
    catch {
      case e: KubernetesClientException =>
        logDebug("The API server did not say", e)
        otherwise
    }
}

object ApiPods {
  private val shownEvents = 4
  private val shownLines = 10

  /** What the cluster's autoscaler, and Karpenter, say when they bring a host. */
  private val autoscalers = Set("TriggeredScaleUp", "Nominated")

  /** Warnings that Spark's pods often start with: Spark makes their configuration after them. */
  private val early = Set("FailedMount")

  /** Reasons to wait that pass by themselves, or are not known to be lasting yet. */
  private val passing = Set("ContainerCreating", "PodInitializing", "ErrImagePull")

  /** What the pod's own status says. */
  private[pods] def facts(pod: Pod): PodFacts = {
    val status = pod.getStatus
    val containers = status.getContainerStatuses.asScala.toVector
    PodFacts(
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
