package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.Pod
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import io.fabric8.kubernetes.client.dsl.PodResource
import org.apache.spark.internal.Logging
import org.rayonspark.PlacementException
import org.rayonspark.threads.Daemon

import java.io.{IOException, OutputStream}
import java.net.HttpURLConnection.{HTTP_FORBIDDEN, HTTP_UNAUTHORIZED}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._
import scala.util.Using

/**
 * The pod of a driver that was submitted from here: what it prints is passed on until it ends.
 *
 * @param container
 *   the driver's own, beside which a template may have put others
 */
final class DriverPod(
    client: KubernetesClient,
    namespace: String,
    val name: String,
    container: String,
    output: OutputStream
) extends AutoCloseable
    with Logging {
  private val pods = new ApiPods(client, namespace, Map.empty, new Pod)
  private val printer = Daemon(s"rayonspark-log-$name")(passOn())

  // `last` is read by whoever asks for the progress.
  private var state = PodsState()
  @volatile private var last: Option[Pod] = None

  /** What it does, as a sentence without its full stop. */
  def progress: String =
    s"""the driver's pod "$name" is ${last.fold("awaited")(_.getStatus.getPhase.toLowerCase)}"""

  /**
   * Looks at the pod after a while; true when its driver has ended, and all that it printed has
   * been passed on. To be asked until then, from one thread.
   *
   * @throws PlacementException
   *   why the pod cannot start, or that it was deleted; nothing of it is left
   */
  def ended(): Boolean = {
    Thread.sleep(PodWatch.period.toMillis)
    try look()
    catch {
      case e: KubernetesClientException if !DriverPod.refused(e) =>
        // The API server may be away for a while: the driver goes on.
        logDebug(s"Pod $name could not be looked at", e)
        false
    }
  }

  private def look(): Boolean = {
    val pod = Option(resource.get()).getOrElse(throw gone)
    last = Some(pod)
    state = state.after(Vector(pods.facts(pod)))
    state.trouble.foreach { why =>
      resource.delete()
      throw new PlacementException(why)
    }
    if (pod.getStatus.getPhase != "Pending" && printer.getState == Thread.State.NEW) printer.start()
    val over = DriverPod.isOver(pod)
    if (over) printer.join(DriverPod.logLimit.toMillis)
    if (over && pod.getMetadata.getDeletionTimestamp != null) throw gone
    over
  }

  /** The driver's own; 1 where its container was never started. */
  def exitCode: Int =
    last.toVector
      .flatMap(_.getStatus.getContainerStatuses.asScala)
      .filter(_.getName == container)
      .flatMap(status => Option(status.getState.getTerminated))
      .map(_.getExitCode.intValue)
      .headOption
      .getOrElse(1)

  override def close(): Unit = client.close()

  private def gone: PlacementException = new PlacementException(
    s"""The driver's pod "$name" is gone: somebody deleted it, and its executors with it. """ +
      "Run the program again."
  )

  private def resource: PodResource = client.pods().inNamespace(namespace).withName(name)

  private def passOn(): Unit =
    try
      Using.resource(resource.inContainer(container).watchLog()) { watch =>
        watch.getOutput.transferTo(output)
        output.flush()
      }
    catch { case e: IOException => output.write(s"The log has ended: ${e.getMessage}\n".getBytes) }
}

object DriverPod {

  /** How long the last lines may take when the driver has ended. */
  private val logLimit = 5.seconds

  private def refused(error: KubernetesClientException): Boolean =
    Set(HTTP_FORBIDDEN, HTTP_UNAUTHORIZED)(error.getCode)

  private def isOver(pod: Pod): Boolean = Set("Succeeded", "Failed")(pod.getStatus.getPhase)
}
