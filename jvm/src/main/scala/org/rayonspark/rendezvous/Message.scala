package org.rayonspark.rendezvous

import org.rayonspark.conf.PortPolicy
import org.rayonspark.node.{ContainerUse, NodeEvent}
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

  /** Let what runs on the node finish, for at most that long; then end it, and close. */
  final case class Drain(limit: FiniteDuration) extends DriverMessage

  /** End the node and close. */
  final case class Stop(grace: FiniteDuration) extends DriverMessage
}

/**
 * What a keeper asks the driver: its executor leaves; what shall it wait for?
 *
 * @param use
 *   what its node holds of a container that may be ended for that
 */
final case class Leaving(executorId: String, use: Option[ContainerUse])

/** What the driver answers: for its node, at most that long; zero where nothing drains. */
final case class Stay(limit: FiniteDuration)

/** What the driver asks a keeper, of the staging beside its node. */
sealed trait KeeperQuestion extends Product with Serializable

object KeeperQuestion {

  /** Delete these files or directories. Answered by [[KeeperAnswer.Done]]. */
  final case class Discard(paths: Vector[String]) extends KeeperQuestion

  /** Where do other hosts reach it? Answered by [[KeeperAnswer.Route]]. */
  case object OpenRoute extends KeeperQuestion
}

/** What a keeper answers. */
sealed trait KeeperAnswer extends Product with Serializable

object KeeperAnswer {
  case object Done extends KeeperAnswer
  final case class Route(address: RouteAddress) extends KeeperAnswer

  /** `why` is a whole sentence. */
  final case class Refused(why: String) extends KeeperAnswer
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
