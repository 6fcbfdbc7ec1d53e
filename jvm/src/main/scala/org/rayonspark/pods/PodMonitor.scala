package org.rayonspark.pods

import org.rayonspark.threads.Repeated

import scala.concurrent.duration._

/**
 * Checks the pods of awaited executors, until all executors have registered or cannot start. Spark
 * itself would retry forever, and report it only in its log.
 *
 * @param missing
 *   returns how many executors are still awaited; 0 ends the checks
 * @param wanted
 *   how many executors the application is to have
 * @param onProblem
 *   called at most once, on the monitor's thread, with the reason why they cannot start
 */
final class PodMonitor(pods: Pods, missing: () => Int, wanted: Int, onProblem: String => Unit)
    extends AutoCloseable {
  // Used only by the monitor's thread.
  private var state = PodsState()
  // A failed check is tried again: the API server may be unavailable, and the start has a limit.
  private val checks: Repeated = new Repeated("rayonspark-pods", PodMonitor.period)(check())

  override def close(): Unit = {
    checks.close()
    pods.close()
  }

  /** Asks only while pods are missing, and trusts the answer only if they still are. */
  private def refusal: Option[String] =
    if (state.pods.size >= wanted) None
    else pods.refusal().filter(_ => pods.list().size < wanted)

  private def check(): Unit =
    if (missing() == 0) checks.end()
    else {
      state = state.after(pods.list())
      state.problem.orElse(refusal).foreach { why =>
        checks.end()
        onProblem(why)
      }
    }
}

object PodMonitor {

  /**
   * Checks are periodic because Kubernetes reports changes, but neither the time without a change
   * nor the pods that it refused.
   */
  private[pods] val period = 1.second
}
