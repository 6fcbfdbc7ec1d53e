package org.rayonspark.node

import org.rayonspark.plan.RayCommand

import scala.concurrent.duration.FiniteDuration

/** The process of one incarnation of a Ray node. It says hello, is launched once and ends once. */
trait NodeProcess {

  /** Starts Ray. Call it once, after [[NodeEvent.Hello]]. */
  def launch(launch: NodeLaunch): Unit

  /**
   * Stops Ray from scheduling new work on the node, and ends the node when its running work has
   * ended. Returns at once; [[NodeEvent.Exited]] follows. Idempotent.
   *
   * @param limit
   *   how long the work may take before the node is stopped
   */
  def drain(limit: FiniteDuration): Unit

  /**
   * Asks the node to end and returns at once; [[NodeEvent.Exited]] follows. Idempotent.
   *
   * @param grace
   *   how long Ray may take to end before it is killed
   */
  def stop(grace: FiniteDuration): Unit
}

/**
 * What a node's process needs to start Ray.
 *
 * @param nodes
 *   number of nodes in the complete cluster. The head starts its dashboard and other side services
 *   after them
 * @param clientServer
 *   whether the head starts a server for Ray Client
 * @param watchGcs
 *   "host:port" of the GCS whose nodes this process reports; set only for the head
 * @param logDirectory
 *   where Ray's logs are copied when the node has ended
 * @param logPrefix
 *   empty if `logDirectory` is to be created for these logs alone. Otherwise the copies are written
 *   into that directory itself, with this prefix before their names
 * @param remove
 *   directories to remove with the node, in addition to its own
 */
final case class NodeLaunch(
    command: RayCommand,
    nodes: Int,
    clientServer: Boolean,
    watchGcs: Option[String],
    logDirectory: String,
    logPrefix: String,
    remove: Vector[String]
)

/** Starts the process of a node. */
trait NodeProcessFactory {

  /**
   * Starts the process, which then waits for its launch.
   *
   * @param directory
   *   the node's own directory, which the process removes when it ends
   * @param environment
   *   the whole environment of the process; nothing is inherited
   * @param onEvent
   *   called in order, from one thread for each process
   */
  def start(
      python: String,
      directory: java.nio.file.Path,
      environment: Map[String, String],
      onEvent: NodeEvent => Unit
  ): NodeProcess
}
