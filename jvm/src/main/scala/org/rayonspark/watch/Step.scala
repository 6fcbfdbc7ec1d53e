package org.rayonspark.watch

import org.rayonspark.RayClusterState
import org.rayonspark.watch.ClusterAction.{After, DismissClients}
import org.rayonspark.watch.ClusterEvent.StopTimedOut

import scala.concurrent.duration._

/** What follows from one event: the state after it, and what is to be done. */
private[watch] object Step {
  type Step = (ClusterState, Vector[ClusterAction])

  /** Within this every node must have reported its end, else the stop gives up on it. */
  private val stopTimeout = 15.seconds

  /** An application that ends takes its executors along; their guards see to Ray. */
  private val applicationEndTimeout = 3.seconds

  def quiet(state: ClusterState): Step = (state, Vector.empty)

  /** Ends the cluster because of `error`; nothing stays. */
  def fail(state: ClusterState, error: Throwable): Step = stop(state.copy(failure = Some(error)))

  def stop(state: ClusterState): Step = {
    val timeout = if (state.applicationEnded) applicationEndTimeout else stopTimeout
    (
      state.copy(phase = RayClusterState.STOPPING),
      Vector(After(timeout, StopTimedOut), DismissClients)
    )
  }
}
