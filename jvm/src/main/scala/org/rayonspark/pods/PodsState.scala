package org.rayonspark.pods

/**
 * What the pods of an application have shown so far, one look after the other.
 *
 * @param unschedulable
 *   pods that no host takes, and in how many looks without a break
 * @param ended
 *   pods whose container ended; Spark removes them, and tries again
 * @param missing
 *   in how many looks without a break there were fewer pods than wanted
 */
final case class PodsState(
    pods: Vector[PodFacts] = Vector.empty,
    unschedulable: Map[String, Int] = Map.empty,
    ended: Map[String, PodFacts] = Map.empty,
    missing: Int = 0
) {

  def after(seen: Vector[PodFacts], wanted: Int): PodsState = PodsState(
    seen,
    seen
      .filter(pod => pod.unschedulable.isDefined && !pod.scalingUp)
      .map(pod => pod.name -> (unschedulable.getOrElse(pod.name, 0) + 1))
      .toMap,
    ended ++ seen.filter(_.ended.isDefined).map(pod => pod.name -> pod),
    if (seen.size < wanted) missing + 1 else 0
  )

  /** Whether the API server is to be asked why it takes no more of them. */
  def asks: Boolean = missing >= PodsState.missingLooks

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

  /** Spark makes its pods in batches, a second apart. */
  private val missingLooks = 3

  /** One may have been unlucky. */
  private val endedPods = 2

  def cannotStart(pod: PodFacts): String =
    s"""Pod "${pod.name}" cannot start: ${pod.stuck.getOrElse("")}.${events(pod)} Mend """ +
      "container_image (spark.kubernetes.container.image), or what Kubernetes names here."

  def findsNoHost(pod: PodFacts): String =
    s"""Pod "${pod.name}" finds no host: ${pod.unschedulable.getOrElse("").stripSuffix(".")}.""" +
      s"${events(pod)} Lower cores, memory or num_nodes, or give the cluster more hosts."

  private def events(pod: PodFacts): String =
    if (pod.events.isEmpty) "" else pod.events.mkString(" Its events: ", "; ", ".")

  private def words(pod: PodFacts): String =
    if (pod.lastWords.isEmpty) "" else pod.lastWords.mkString(" Its last words:\n  ", "\n  ", "\n")
}
