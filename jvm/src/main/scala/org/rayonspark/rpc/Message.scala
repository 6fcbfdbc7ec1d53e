package org.rayonspark.rpc

import org.rayonspark.conf.PortPolicy
import org.rayonspark.node.{ContainerUsage, NodeEvent}
import org.rayonspark.plan.{NodePlan, NodeRole, ResourceOffer}

import scala.concurrent.duration.FiniteDuration

/** A message from a node agent to the driver. `incarnation` counts the node's starts, from 0. */
sealed trait AgentMessage extends Product with Serializable

object AgentMessage {
  final case class Register(executorId: String, host: String) extends AgentMessage

  final case class ResourceOffered(executorId: String, incarnation: Int, offer: ResourceOffer)
      extends AgentMessage

  /** The executor cannot offer a node. `why` is a complete sentence for the user. */
  final case class OfferDeclined(executorId: String, incarnation: Int, why: String)
      extends AgentMessage

  final case class NodeReport(executorId: String, incarnation: Int, event: NodeEvent)
      extends AgentMessage

  /** The agent has stopped, and its node is gone if it ever had one. */
  final case class Closed(executorId: String) extends AgentMessage
}

/** A message from the driver to a node agent. */
sealed trait DriverMessage extends Product with Serializable

object DriverMessage {

  /** Prepare a node and offer it. Sent once for each incarnation. */
  final case class Prepare(context: LaunchContext) extends DriverMessage

  /** Start Ray. `nodes` counts all nodes of the cluster, including the head. */
  final case class Launch(incarnation: Int, plan: NodePlan, nodes: Int) extends DriverMessage

  /** GCS lists the node as alive, so the task that created the agent may return. */
  case object Ready extends DriverMessage

  /** Let the node's running work finish within `limit`. Then end the node and close. */
  final case class Drain(limit: FiniteDuration) extends DriverMessage

  /** End the node and close. */
  final case class Stop(grace: FiniteDuration) extends DriverMessage
}

/**
 * A request from an agent to the driver: the executor's JVM shuts down, so how long should it wait?
 * The response is a [[ShutdownDelay]].
 *
 * @param use
 *   the node's memory usage, if the cluster manager kills a container for its usage
 */
final case class ShutdownNotice(executorId: String, use: Option[ContainerUsage])

/**
 * The response to a [[ShutdownNotice]]: how long to wait for the node; zero if it does not drain.
 */
final case class ShutdownDelay(limit: FiniteDuration)

/** A request from the driver to a node agent, about the node's staging. */
sealed trait AgentRequest extends Product with Serializable

object AgentRequest {

  /** Delete these files or directories. Answered by [[AgentResponse.Done]]. */
  final case class Discard(paths: Vector[String]) extends AgentRequest

  /** Open the staging to other hosts. Answered by [[AgentResponse.Address]]. */
  case object OpenStagingServer extends AgentRequest
}

/** A node agent's response to an [[AgentRequest]]. */
sealed trait AgentResponse extends Product with Serializable

object AgentResponse {
  case object Done extends AgentResponse
  final case class Address(address: StagingAddress) extends AgentResponse

  /** The request failed. `why` is a complete sentence. */
  final case class Refused(why: String) extends AgentResponse
}

/**
 * What an agent needs to know to prepare a node.
 *
 * @param cores
 *   the executor's task slots
 * @param environment
 *   the user's variables for the nodes, and the cluster's token. Not printed
 * @param inherit
 *   patterns of the variables that a node inherits
 * @param head
 *   "host:port" that the executor must be able to reach; None for the head itself
 */
final case class LaunchContext(
    incarnation: Int,
    role: NodeRole,
    cores: Int,
    python: String,
    environment: Map[String, String],
    inherit: Vector[String],
    ports: PortPolicy,
    tempDirectory: String,
    logDirectory: Option[String],
    head: Option[String]
) {
  override def toString: String = s"LaunchContext(incarnation $incarnation, $role)"
}
