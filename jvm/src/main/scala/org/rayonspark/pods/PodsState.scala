package org.rayonspark.pods

/**
 * What the pods of an application have shown so far, one look after the other.
 *
 * @param unschedulable
 *   pods that no host takes, and in how many looks without a break
 * @param ended
 *   pods whose container ended; Spark removes them, and tries again
 */
final case class PodsState(
    pods: Vector[PodFacts] = Vector.empty,
    unschedulable: Map[String, Int] = Map.empty,
    ended: Map[String, PodFacts] = Map.empty
) {

  def after(seen: Vector[PodFacts]): PodsState = PodsState(
    seen,
    seen
      .filter(pod => pod.unschedulable.isDefined && !pod.scalingUp)
      .map(pod => pod.name -> (unschedulable.getOrElse(pod.name, 0) + 1))
      .toMap,
    ended ++ seen.filter(_.ended.isDefined).map(pod => pod.name -> pod)
  )

  /** Why the executors do not come, for a user to read; None as long as they may. */
  def trouble: Option[String] = stuck.orElse(homeless).orElse(failing)

  private def stuck: Option[String] =
    pods.collectFirst { case pod if pod.stuck.isDefined => PodsState.cannotStart(pod) }

  private def homeless: Option[String] =
    pods.collectFirst {
      case pod if unschedulable.getOrElse(pod.name, 0) >= PodsState.unschedulableLooks =>
        PodsState.findsNoHost(pod)
    }

  private def failing: Option[String] =
    Option.when(ended.size >= PodsState.endedPods) {
      val pod = ended.values.maxBy(_.name)
      s"${ended.size} executors have ended before they registered. The last one is pod " +
        s""""${pod.name}": ${pod.ended.getOrElse("")}.${PodsState.words(pod)} Mend the image """ +
        "(container_image), or what its log names."
    }
}

object PodsState {

  /** In seconds, as looks are one apart: a host may just have become full, or free. */
  private val unschedulableLooks = 10

  /** One may have been unlucky. */
  private val endedPods = 2

  def cannotStart(pod: PodFacts): String =
    s"""Pod "${pod.name}" cannot start: ${pod.stuck
        .getOrElse("")}.${events(pod, pod.stuck)} Mend """ +
      "container_image (spark.kubernetes.container.image), or what Kubernetes names here."

  def findsNoHost(pod: PodFacts): String =
    s"""Pod "${pod.name}" finds no host: ${pod.unschedulable.getOrElse("").stripSuffix(".")}.""" +
      s"${events(pod, pod.unschedulable)} Lower cores, memory or num_nodes, or give the cluster " +
      "more hosts."

  /** Those that say more than has been said. */
  private def events(pod: PodFacts, said: Option[String]): String = {
    val more = pod.events.filterNot { event =>
      said.exists(_.contains(event.dropWhile(_ != ':').drop(1).trim))
    }
    if (more.isEmpty) "" else more.mkString(" Its events: ", "; ", ".")
  }

  private def words(pod: PodFacts): String =
    if (pod.lastWords.isEmpty) "" else pod.lastWords.mkString(" Its last words:\n  ", "\n  ", "\n")
}
