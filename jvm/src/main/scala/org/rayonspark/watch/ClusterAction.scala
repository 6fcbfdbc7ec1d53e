package org.rayonspark.watch

import org.rayonspark.rendezvous.DriverMessage

import scala.concurrent.duration.FiniteDuration

/** What the supervisor wants done. The loop does it, and answers with events. */
sealed trait ClusterAction extends Product with Serializable

object ClusterAction {

  /** Bring keepers to `nodes` executors at once, by a job that takes whole executors. */
  final case class Place(nodes: Int) extends ClusterAction

  /**
   * Bring keepers to `nodes` executors by as many tasks as they have slots: Spark's dynamic
   * allocation gives executors for tasks that wait, and new ones for every other resource profile.
   */
  final case class Gather(nodes: Int) extends ClusterAction

  /** Bring keepers to these executors. */
  final case class Visit(executorIds: Vector[String]) extends ClusterAction

  /** Hold slots of that executor for as long as its node lives. */
  final case class Reserve(executorId: String, slots: Int) extends ClusterAction

  final case class Tell(executorId: String, message: DriverMessage) extends ClusterAction

  /** Try to open a connection to the node's held port; answer with Probed. */
  final case class Probe(executorId: String, incarnation: Int, host: String, port: Int)
      extends ClusterAction
  final case class After(delay: FiniteDuration, event: ClusterEvent) extends ClusterAction

  /** Ask connected clients to leave before GCS does; answer with ClientsDismissed. */
  case object DismissClients extends ClusterAction
  case object CancelJobs extends ClusterAction

  /** Nothing is left to do or to hear: release the driver's own things. */
  case object Close extends ClusterAction
  final case class Info(text: String) extends ClusterAction
  final case class Warn(text: String) extends ClusterAction
}
