package org.rayonspark.supervision

import org.rayonspark.conf.{Durations, Keys}
import org.rayonspark.rpc.DriverMessage
import org.rayonspark.supervision.ClusterAction._
import org.rayonspark.supervision.Transition.{quiet, Transition}

import scala.concurrent.duration._

/**
 * The part of the supervisor that drains a node before its executor ends: the node gets no more
 * work, and what runs on it may finish.
 */
private[rayonspark] object NodeDrain {

  /** Returns the executors whose nodes would drain if they were about to end. */
  def drainable(state: ClusterState): Vector[String] =
    if (!state.running || state.spec(Keys.drainTimeout) == Duration.Zero) Vector.empty
    else state.activeWorkers.filter(_.alive).map(_.executorId)

  /** Returns how long an ending executor waits for its node; zero if the node does not drain. */
  def limit(state: ClusterState, executorId: String): FiniteDuration = {
    val drains = state.running && state.nodes.get(executorId).exists(_.draining)
    if (drains || drainable(state).contains(executorId)) state.spec(Keys.drainTimeout)
    else Duration.Zero
  }

  /** Drains the node of an executor that is about to end, and places a replacement if it can. */
  def leaving(state: ClusterState, executorId: String, why: String): Transition =
    state.nodes.get(executorId).map(n => (n, n.state)) match {
      case Some((node, NodeState.Alive(rayId))) if drainable(state).contains(executorId) =>
        val limit = state.spec(Keys.drainTimeout)
        val next = state.state(node, NodeState.Draining(rayId, listed = true))
        val (filled, more) = NodePlacement.fillUp(next)
        val text =
          s"${describe(node)} drains for up to ${Durations.format(limit).stripSuffix("s")} s, " +
            s"because Spark executor $executorId is about to end ($why)."
        (filled, Vector(Info(text), Tell(executorId, DriverMessage.Drain(limit))) ++ more)
      case _ => quiet(state)
    }

  /**
   * GCS lists a draining node as dead. If Spark still has the executor, its agent reports the end
   * when nothing of the node is left. If Spark has removed the executor, no report can arrive any
   * more, so the node ends here.
   */
  def unlisted(state: ClusterState, node: ClusterNode, rayId: String): Transition =
    if (state.executors.contains(node.executorId))
      quiet(state.state(node, NodeState.Draining(rayId, listed = false)))
    else ended(state, node)

  /**
   * Spark has removed the executor of a draining node. Unless the JVM was killed, it still waits
   * for the node. A kill by YARN begins with the same signal as a normal end, so a reason that is
   * about memory is logged.
   */
  def executorLost(state: ClusterState, node: ClusterNode, reason: String): Transition = {
    val (next, actions) = node.state match {
      case NodeState.Draining(_, false) => ended(state, node)
      case _ => quiet(state)
    }
    val (known, warnings) =
      if (NodeFailure.isMemory(reason)) NodeLoss.executorLost(next, node.executorId, reason)
      else quiet(next)
    (known, warnings ++ actions)
  }

  def ended(state: ClusterState, node: ClusterNode): Transition = {
    val (next, actions) = NodePlacement.fillUp(state.state(node, NodeState.Drained))
    (next, Info(s"${describe(node)} has drained and ended.") +: actions)
  }

  /** Marks draining nodes as drained whose executors Spark has removed: no order reaches them. */
  def endUnreachable(state: ClusterState): ClusterState =
    state.nodes.values
      .filter(n => n.draining && !state.executors.contains(n.executorId))
      .foldLeft(state)((s, n) => s.state(n, NodeState.Drained))

  private def describe(node: ClusterNode): String = s"Ray node ${node.index} on host ${node.host}"
}
