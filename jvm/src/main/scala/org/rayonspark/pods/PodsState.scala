package org.rayonspark.pods

/**
 * What the pods of an application have shown so far, over successive checks.
 *
 * @param pods
 *   the pods at the last check
 * @param unschedulable
 *   pods that no host accepts, with the number of consecutive checks in which that was so
 * @param ended
 *   pods whose container has ended. Spark deletes them and tries again
 */
final case class PodsState(
    pods: Vector[PodSummary] = Vector.empty,
    unschedulable: Map[String, Int] = Map.empty,
    ended: Map[String, PodSummary] = Map.empty
) {

  /** The state after one more check, which has found the pods `seen`. */
  def after(seen: Vector[PodSummary]): PodsState = PodsState(
    seen,
    seen
      .filter(pod => pod.unschedulable.isDefined && !pod.scalingUp)
      .map(pod => pod.name -> (unschedulable.getOrElse(pod.name, 0) + 1))
      .toMap,
    ended ++ seen.filter(_.ended.isDefined).map(pod => pod.name -> pod)
  )

  /** Returns why the executors cannot start, for the user; None while they still may. */
  def problem: Option[String] = stuck.orElse(withoutHost).orElse(failing)

  private def stuck: Option[String] =
    pods.collectFirst { case pod if pod.stuck.isDefined => PodsState.cannotStart(pod) }

  private def withoutHost: Option[String] =
    pods.collectFirst {
      case pod if unschedulable.getOrElse(pod.name, 0) >= PodsState.unschedulableChecks =>
        PodsState.findsNoHost(pod)
    }

  private def failing: Option[String] =
    Option.when(ended.size >= PodsState.endedPods) {
      val pod = ended.values.maxBy(_.name)
      s"${ended.size} executors have ended before they registered. The last one is pod " +
        s""""${pod.name}": ${pod.ended.getOrElse("")}.${PodsState.logTail(pod)} Fix the image """ +
        "(container_image), or the error in its log."
    }
}

object PodsState {

  /** In seconds, because checks are a second apart: a host may become free in that time. */
  private val unschedulableChecks = 10

  /** A single failure may be bad luck. */
  private val endedPods = 2

  def cannotStart(pod: PodSummary): String =
    s"""Pod "${pod.name}" cannot start: ${pod.stuck
        .getOrElse("")}.${events(pod, pod.stuck)} Fix """ +
      "container_image (spark.kubernetes.container.image), or the cause that Kubernetes names here."

  def findsNoHost(pod: PodSummary): String =
    s"""Pod "${pod.name}" finds no host: ${pod.unschedulable.getOrElse("").stripSuffix(".")}.""" +
      s"${events(pod, pod.unschedulable)} Lower cores, memory or num_nodes, or add hosts to " +
      "the cluster."

  /** The events that add something to the text so far. */
  private def events(pod: PodSummary, text: Option[String]): String = {
    val more = pod.events.filterNot { event =>
      text.exists(_.contains(event.dropWhile(_ != ':').drop(1).trim))
    }
    if (more.isEmpty) "" else more.mkString(" Its events: ", "; ", ".")
  }

  private def logTail(pod: PodSummary): String =
    if (pod.logTail.isEmpty) "" else pod.logTail.mkString(" Its last output:\n  ", "\n  ", "\n")
}
