package org.rayonspark.supervision

import org.rayonspark.node.ContainerUsage
import org.rayonspark.supervision.ClusterAction.{After, Warn}
import org.rayonspark.supervision.ClusterEvent.UsageOverdue
import org.rayonspark.supervision.Transition.{quiet, Transition}

import scala.concurrent.duration._

/**
 * The part of the supervisor that warns about nodes that were lost with their executors. YARN
 * considers a container ended as soon as it has told it to end, so Spark may report the loss before
 * the container reports the memory that its node used. The warning then waits for that report.
 */
private[supervision] object NodeLoss {

  /** A container that is told to end reports its memory within tens of milliseconds, or never. */
  private val usageTimeout = 1.second

  /** Spark has lost the executor for that reason. */
  def executorLost(state: ClusterState, executorId: String, reason: String): Transition = {
    val node = state.nodes(executorId).copy(unreportedLoss = Some(reason))
    if (NodeFailure.isYarnsLimit(reason) && node.lastUsage.isEmpty)
      (state.put(node), Vector(After(usageTimeout, UsageOverdue(executorId))))
    else report(state, node)
  }

  /** The container has reported the memory that its node used. */
  def usageReported(state: ClusterState, executorId: String, usage: ContainerUsage): Transition =
    state.nodes
      .get(executorId)
      .fold(quiet(state))(node => report(state, node.copy(lastUsage = Some(usage))))

  /** The container has not reported its memory in time. */
  def usageOverdue(state: ClusterState, executorId: String): Transition =
    state.nodes.get(executorId).fold(quiet(state))(report(state, _))

  /** Returns the warnings that still wait for a report; called when the cluster ends. */
  def pendingWarnings(state: ClusterState): Vector[ClusterAction] =
    state.nodes.values.flatMap(warning).toVector

  private def report(state: ClusterState, node: ClusterNode): Transition =
    (state.put(node.copy(unreportedLoss = None)), warning(node).toVector)

  private def warning(node: ClusterNode): Option[ClusterAction] =
    node.unreportedLoss.map(reason => Warn(NodeFailure.lostWithExecutor(node, reason)))
}
