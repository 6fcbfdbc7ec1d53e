package org.rayonspark.rendezvous

import org.rayonspark.conf.PortPolicy
import org.rayonspark.node.NodeEvent
import org.rayonspark.plan.{NodePlan, NodeRole, Offer}

import scala.concurrent.duration.FiniteDuration

/** What a keeper tells the driver. `incarnation` counts the lives of its node, from 0. */
sealed trait KeeperMessage extends Product with Serializable

object KeeperMessage {
  final case class Enlist(executorId: String, host: String) extends KeeperMessage

  final case class Offered(executorId: String, incarnation: Int, offer: Offer) extends KeeperMessage

  /** The executor cannot offer a node at all; `why` is a whole sentence for the user. */
  final case class CannotOffer(executorId: String, incarnation: Int, why: String)
      extends KeeperMessage

  final case class NodeReport(executorId: String, incarnation: Int, event: NodeEvent)
      extends KeeperMessage

  /** The keeper has stopped: its node, if it ever had one, is gone. */
  final case class Closed(executorId: String) extends KeeperMessage
}

/** What the driver tells a keeper. */
sealed trait DriverMessage extends Product with Serializable

object DriverMessage {

  /** Prepare a node and offer it. Sent once for each incarnation. */
  final case class Prepare(charter: Charter) extends DriverMessage

  /** Start Ray; `nodes` are all of the cluster's, the head included. */
  final case class Launch(incarnation: Int, plan: NodePlan, nodes: Int) extends DriverMessage

  /** GCS lists the node as alive: the task that brought the keeper may go. */
  case object Ready extends DriverMessage

  /** Delete these files or directories; what is not below the node's staging is left alone. */
  final case class Discard(paths: Vector[String]) extends DriverMessage

  /** End the node and close. */
  final case class Stop(grace: FiniteDuration) extends DriverMessage
}

/**
 * What a keeper must know to prepare a node.
 *
 * @param cores
 *   task slots of the executor
 * @param environment
 *   what the user gives to the nodes, and the cluster's token; it is not printed
 * @param head
 *   "host:port" that the executor must be able to reach; None for the head itself
 */
final case class Charter(
    incarnation: Int,
    role: NodeRole,
    cores: Int,
    python: String,
    environment: Map[String, String],
    ports: PortPolicy,
    tempDirectory: String,
    logDirectory: Option[String],
    head: Option[String]
) {
  override def toString: String = s"Charter(incarnation $incarnation, $role)"
}
