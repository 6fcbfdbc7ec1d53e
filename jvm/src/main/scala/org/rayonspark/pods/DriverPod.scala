package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.Pod
import io.fabric8.kubernetes.client.{KubernetesClient, KubernetesClientException}
import io.fabric8.kubernetes.client.dsl.{Loggable, PodResource}
import org.apache.spark.internal.Logging
import org.rayonspark.PlacementException
import org.rayonspark.threads.Resource
import org.rayonspark.threads.{Daemon, Steps}

import java.io.{IOException, InputStream, OutputStream}
import java.net.HttpURLConnection.{HTTP_FORBIDDEN, HTTP_UNAUTHORIZED}
import java.util.concurrent.{CountDownLatch, TimeUnit}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/**
 * Follows the pod of a driver that was submitted from this process, and passes on its output until
 * it ends.
 *
 * @param container
 *   name of the driver's container; a template may have added others
 * @param output
 *   receives what the driver prints
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
  private val printed = new TimestampedLog(output)
  private val finished = new CountDownLatch(1)
  // Both are set only by the printer's thread. Another thread may close `reading`.
  @volatile private var reading = Option.empty[InputStream]
  private var interrupted = false
  @volatile private var closed = false
  private val printer = Daemon(s"rayonspark-log-$name")(passOn())

  // Set by the thread that calls `ended`. Any thread may read `last`.
  private var state = PodsState()
  @volatile private var last: Option[Pod] = None

  /** Describes the pod's phase, as a sentence without its full stop. */
  def progress: String =
    s"""the driver's pod "$name" is ${last.fold("submitted")(_.getStatus.getPhase.toLowerCase)}"""

  /**
   * Waits a period, then checks the pod. Returns true when its driver has ended and all of its
   * output has been passed on. Call it until then, from one thread.
   *
   * @throws PlacementException
   *   if the pod cannot start, and is now deleted; or if another party deleted it
   */
  def ended(): Boolean = {
    Thread.sleep(PodMonitor.period.toMillis)
    try check()
    catch {
      case e: KubernetesClientException if !DriverPod.refused(e) =>
        // The API server may be unavailable for a while. The driver still runs.
        logDebug(s"Could not read pod $name", e)
        false
    }
  }

  private def check(): Boolean = {
    val pod = Option(resource.get()).getOrElse(throw gone)
    last = Some(pod)
    state = state.after(Vector(pods.summary(pod)))
    state.problem.foreach { why =>
      resource.delete()
      throw new PlacementException(why)
    }
    if (pod.getStatus.getPhase != "Pending" && printer.getState == Thread.State.NEW) printer.start()
    val ended = DriverPod.isOver(pod)
    if (ended) awaitLog()
    if (ended && pod.getMetadata.getDeletionTimestamp != null) throw gone
    ended
  }

  private def awaitLog(): Unit = {
    finished.countDown()
    printer.join(DriverPod.logLimit.toMillis)
    if (printer.isAlive) {
      // The other side of the connection may be gone without closing it.
      reading.foreach(_.close())
      printer.join(DriverPod.logLimit.toMillis)
    }
  }

  /** The driver's exit code; 1 if its container never started. */
  def exitCode: Int =
    last.toVector
      .flatMap(_.getStatus.getContainerStatuses.asScala)
      .filter(_.getName == container)
      .flatMap(status => Option(status.getState.getTerminated))
      .map(_.getExitCode.intValue)
      .headOption
      .getOrElse(1)

  /** Also ends the reading of the log, which would never end for a pod that is gone. */
  override def close(): Unit = {
    closed = true
    finished.countDown()
    Steps.all(s"The end of following pod $name")(
      "ending its log" -> (() => reading.foreach(_.close())),
      "closing the client" -> (() => client.close())
    )
  }

  private def gone: PlacementException = new PlacementException(
    s"""The driver's pod "$name" was deleted, and its executors with it. """ +
      "Run the program again."
  )

  private def resource: PodResource = client.pods().inNamespace(namespace).withName(name)

  /** Reconnects until the end: long connections break, and the API server may be unavailable. */
  private def passOn(): Unit = {
    // Reads once more after the end: the last lines may be newer than the last read.
    var again = true
    while (again && !closed) {
      again = finished.getCount > 0
      readLog()
      if (again) finished.await(PodMonitor.period.toMillis, TimeUnit.MILLISECONDS)
    }
  }

  private def readLog(): Unit =
    try {
      val stamped = resource.inContainer(container).usingTimestamps()
      val all = printed.newest.fold[Loggable](stamped)(time => stamped.sinceTime(time.toString))
      Resource.use(all.watchLog()) { watch =>
        // To wake the reader, close the stream: closing the watch does not.
        reading = Some(watch.getOutput)
        printed.read(watch.getOutput)
      }
      interrupted = false
    } catch {
      case e @ (_: IOException | _: KubernetesClientException) =>
        if (!interrupted && !closed)
          logWarning(
            s"""Lost the connection to the log of the driver's pod "$name". Reconnecting until """ +
              s"the driver ends: ${e.getMessage}"
          )
        interrupted = true
    } finally reading = None
}

object DriverPod {

  /** How long the last lines may take after the driver has ended. */
  private val logLimit = 5.seconds

  private def refused(error: KubernetesClientException): Boolean =
    Set(HTTP_FORBIDDEN, HTTP_UNAUTHORIZED)(error.getCode)

  private def isOver(pod: Pod): Boolean = Set("Succeeded", "Failed")(pod.getStatus.getPhase)
}
