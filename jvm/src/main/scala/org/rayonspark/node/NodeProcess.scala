package org.rayonspark.node

import org.rayonspark.plan.RayCommand

import scala.concurrent.duration.FiniteDuration

/** One incarnation of a Ray node: a child that says hello, is launched once, and ends once. */
trait NodeProcess {

  /** Starts Ray. To be called once, after [[NodeEvent.Hello]]. */
  def launch(launch: NodeLaunch): Unit

  /**
   * Has Ray give the node no more work, and end it when what runs there has ended. Returns at once;
   * [[NodeEvent.Exited]] follows. Idempotent.
   *
   * @param limit
   *   how long that may take; the node is stopped then
   */
  def drain(limit: FiniteDuration): Unit

  /**
   * Asks the node to end and returns at once; [[NodeEvent.Exited]] follows. Idempotent.
   *
   * @param grace
   *   how long Ray may take before it is killed
   */
  def stop(grace: FiniteDuration): Unit
}

/**
 * @param nodes
 *   how many nodes make the cluster complete; the head's dashboard and the like come after them
 * @param watchGcs
 *   "host:port" of the GCS whose nodes this process shall report; only the head is asked to
 * @param logDirectory
 *   where Ray's logs are copied when the node is gone
 * @param logPrefix
 *   empty for a directory that is theirs, to be made; else what the names of the copies begin with,
 *   all of which lie in that directory itself
 * @param remove
 *   directories that go with the node, besides its own
 */
final case class NodeLaunch(
    command: RayCommand,
    nodes: Int,
    watchGcs: Option[String],
    logDirectory: String,
    logPrefix: String,
    remove: Vector[String]
)

/** Starts the process of a node. */
trait NodeProcessFactory {

  /**
   * @param directory
   *   the node's own directory, which its process removes at the end
   * @param environment
   *   the whole environment of the process; nothing is inherited
   * @param onEvent
   *   called from one thread of the process, in order
   */
  def start(
      python: String,
      directory: java.nio.file.Path,
      environment: Map[String, String],
      onEvent: NodeEvent => Unit
  ): NodeProcess
}
