package org.rayonspark.supervision

import org.rayonspark.{NodeFailedException, RayClusterState}
import org.rayonspark.supervision.ClusterAction.{CancelJobs, Close}
import org.rayonspark.supervision.ClusterEvent.StopTimedOut
import org.rayonspark.supervision.Transition.{fail, quiet, Transition}

/** Handles an error in RayOnSpark itself: ends the cluster, which would otherwise hang. */
private[supervision] object InternalError {

  /** Handles an error that occurred while an action was performed. */
  def of(state: ClusterState, error: Throwable): Transition =
    if (state.ending) quiet(state) else fail(state, failure(state, error))

  /** Handles an error that occurred in handling `event`. Ends even if that is the last event. */
  def of(state: ClusterState, error: Throwable, event: ClusterEvent): Transition =
    if (state.ending && !state.phase.isFinal && event == StopTimedOut)
      (
        state.copy(
          phase = RayClusterState.FAILED,
          failure = state.failure.orElse(Some(failure(state, error)))
        ),
        Vector(CancelJobs, Close)
      )
    else of(state, error)

  private def failure(state: ClusterState, error: Throwable): NodeFailedException =
    new NodeFailedException(
      s"Ray cluster ${state.id} failed because of an internal error of RayOnSpark: $error. " +
        "Look at the driver's log, and start the cluster again.",
      error
    )
}
