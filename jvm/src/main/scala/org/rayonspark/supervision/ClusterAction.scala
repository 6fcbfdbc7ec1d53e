package org.rayonspark.supervision

import org.rayonspark.rpc.DriverMessage

import scala.concurrent.duration.FiniteDuration

/** An action that the supervisor decides on. The runtime performs it and answers with events. */
sealed trait ClusterAction extends Product with Serializable

object ClusterAction {

  /** Start the first agents, on these executors, as the user's scheduling says. */
  final case class PlaceNodes(executorIds: Vector[String]) extends ClusterAction

  /**
   * Start agents on `nodes` executors with as many tasks as these have slots, in the default
   * resource profile. Dynamic allocation adds executors for waiting tasks, but separate ones for
   * each resource profile.
   */
  final case class PlaceDynamically(nodes: Int) extends ClusterAction

  /** Start agents on these executors, on each as soon as it has a free slot. */
  final case class PlaceOn(executorIds: Vector[String]) extends ClusterAction

  /** Hold slots of the executor while its node runs. */
  final case class Reserve(executorId: String, slots: Int) extends ClusterAction

  /** Send `message` to the agent on the executor. */
  final case class Tell(executorId: String, message: DriverMessage) extends ClusterAction

  /** Try to connect to the port that the node's agent holds open; answer with Probed. */
  final case class Probe(executorId: String, incarnation: Int, host: String, port: Int)
      extends ClusterAction

  /** Post `event` after `delay`. */
  final case class After(delay: FiniteDuration, event: ClusterEvent) extends ClusterAction

  /** Wait for connected clients to disconnect; answer with ClientsDisconnected. */
  case object DisconnectClients extends ClusterAction
  case object CancelJobs extends ClusterAction

  /** Release the driver's own resources: no more actions or events follow. */
  case object Close extends ClusterAction
  final case class Info(text: String) extends ClusterAction
  final case class Warn(text: String) extends ClusterAction
  final case class Error(text: String) extends ClusterAction
}
