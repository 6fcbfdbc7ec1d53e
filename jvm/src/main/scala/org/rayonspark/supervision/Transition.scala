package org.rayonspark.supervision

import org.rayonspark.RayClusterState
import org.rayonspark.supervision.ClusterAction.{After, DisconnectClients, Error}
import org.rayonspark.supervision.ClusterEvent.StopTimedOut

import scala.concurrent.duration._

/** The result of one event: the next state, and the actions to perform. */
private[rayonspark] object Transition {
  type Transition = (ClusterState, Vector[ClusterAction])

  /** How long a stop waits for every node to report its end. */
  val stopTimeout: FiniteDuration = 15.seconds

  /** Shorter, because the application's executors end with it and their guards end Ray. */
  private val applicationEndTimeout = 3.seconds

  /** How long a node that does not drain may take to end before it is killed. */
  val stopGrace: FiniteDuration = 1.second

  def quiet(state: ClusterState): Transition = (state, Vector.empty)

  /**
   * Ends the cluster because of `error`. A failed start throws the error to its caller; after that
   * no caller waits, so the error is logged.
   */
  def fail(state: ClusterState, error: Throwable): Transition = {
    val (next, actions) = stop(state.copy(failure = Some(error)))
    val message =
      Option.when(!state.starting)(Error(s"it failed and is stopping. ${error.getMessage}"))
    (next, message.toVector ++ actions)
  }

  def stop(state: ClusterState): Transition = {
    val timeout = if (state.applicationEnded) applicationEndTimeout else stopTimeout
    (
      state.copy(phase = RayClusterState.STOPPING),
      Vector(After(timeout, StopTimedOut), DisconnectClients)
    )
  }
}
