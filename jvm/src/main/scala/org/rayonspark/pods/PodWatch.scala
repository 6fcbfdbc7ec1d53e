package org.rayonspark.pods

import org.rayonspark.threads.Repeated

import scala.concurrent.duration._

/**
 * Looks at the pods of executors that are awaited, until they have come or something keeps them.
 * Spark itself would try for ever, and say so in its log alone.
 *
 * @param missing
 *   how many executors are still awaited; 0 ends the watch
 * @param wanted
 *   how many executors there are to be
 * @param onTrouble
 *   told once why they do not come, on the watch's thread
 */
final class PodWatch(pods: Pods, missing: () => Int, wanted: Int, onTrouble: String => Unit)
    extends AutoCloseable {
  // Of the watch's thread.
  private var state = PodsState()
  // The API server may be away for a moment; the start has its own limit.
  private val looks: Repeated = new Repeated("rayonspark-pods", PodWatch.period)(look())

  override def close(): Unit = {
    looks.close()
    pods.close()
  }

  /** Asked only while pods are missing, and believed only if they still are. */
  private def refusal: Option[String] =
    if (state.pods.size >= wanted) None
    else pods.refusal().filter(_ => pods.list().size < wanted)

  private def look(): Unit =
    if (missing() == 0) looks.end()
    else {
      state = state.after(pods.list())
      state.trouble.orElse(refusal).foreach { why =>
        looks.end()
        onTrouble(why)
      }
    }
}

object PodWatch {

  /**
   * Kubernetes could tell of changes, but not for how long there has been none, nor of pods that it
   * refused.
   */
  private[pods] val period = 1.second
}
