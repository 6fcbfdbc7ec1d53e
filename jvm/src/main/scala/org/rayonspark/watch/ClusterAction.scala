package org.rayonspark.watch

import org.rayonspark.rendezvous.DriverMessage

import scala.concurrent.duration.FiniteDuration

/** What the supervisor wants done. The loop does it, and answers with events. */
sealed trait ClusterAction extends Product with Serializable

object ClusterAction {

  /** Bring keepers to `nodes` executors at once, by a job that takes whole executors. */
  final case class Place(nodes: Int) extends ClusterAction

  /** Bring keepers to these executors; with `hold`, their tasks stay and hold slots. */
  final case class Visit(executorIds: Vector[String], hold: Boolean) extends ClusterAction

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
