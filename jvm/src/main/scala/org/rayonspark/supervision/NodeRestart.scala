package org.rayonspark.supervision

import org.rayonspark.RayOnSparkException
import org.rayonspark.conf.Keys
import org.rayonspark.plan.NodeRole
import org.rayonspark.rpc.DriverMessage
import org.rayonspark.supervision.ClusterAction._
import org.rayonspark.supervision.ClusterEvent.{RestartDue, RestartForgotten}
import org.rayonspark.supervision.Transition.{fail, quiet, stopGrace, Transition}

import scala.concurrent.duration._

/**
 * The part of the supervisor that restarts workers that a running cluster has lost, as often as
 * max_restarts allows.
 */
private[supervision] object NodeRestart {

  /** Restarts older than this do not count: in a cluster that runs for days, a few are normal. */
  val window: FiniteDuration = 10.minutes

  /** Stops counting one restart that is older than `window`. */
  def forget(state: ClusterState, executorId: String): Transition =
    quiet(
      state.nodes
        .get(executorId)
        .filter(_.restarts > 0)
        .fold(state)(n => state.put(n.copy(restarts = n.restarts - 1)))
    )

  /**
   * Handles a node that could not be prepared, reached or planned. During a start, or if the node
   * is the head, the cluster fails. Otherwise only that worker fails.
   */
  def notPrepared(state: ClusterState, node: ClusterNode, error: RayOnSparkException): Transition =
    if (state.starting || node.role == NodeRole.Head) fail(state, error)
    else if (node.state == NodeState.BackingOff) quiet(state)
    else restartLater(state, node, NodeFailure.notPrepared(node, error.getMessage))

  /** Restarts the node after its back-off, or gives it up; `problem` says what happened to it. */
  def restartLater(state: ClusterState, node: ClusterNode, problem: String): Transition =
    if (node.restarts < state.spec(Keys.maxRestarts)) {
      val delay = BackOff.after(node.restarts)
      (
        state.state(node.copy(restarts = node.restarts + 1), NodeState.BackingOff),
        Vector(
          Warn(s"$problem It restarts in $delay."),
          After(delay, RestartDue(node.executorId)),
          After(window, RestartForgotten(node.executorId))
        )
      )
    } else
      (
        state.state(node, NodeState.Failed),
        Vector(
          Warn(
            s"$problem It has been restarted ${node.restarts} times within ${window.toMinutes} " +
              "minutes, as often as max_restarts allows. The cluster continues without it."
          ),
          Tell(node.executorId, DriverMessage.Stop(stopGrace))
        )
      )
}
