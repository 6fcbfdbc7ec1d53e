package org.rayonspark.supervision

import org.rayonspark.supervision.ClusterAction.After
import org.rayonspark.supervision.ClusterEvent._
import org.rayonspark.supervision.Transition.{quiet, Transition}

import scala.concurrent.duration._

/**
 * Handles events before the [[Supervisor]] does, until the number of nodes is known. Where no
 * setting says how many executors there will be, "all executors" are those that have registered
 * once no further one follows. A cluster manager launches an application's executors together, as
 * many as fit.
 */
object ExecutorRegistration {

  /** Executors that are launched together almost always register within this time of each other. */
  val settled: FiniteDuration = 5.seconds

  def step(state: ClusterState, event: ClusterEvent): Transition =
    if (!state.counting || !state.starting) Supervisor.step(state, event)
    else
      event match {
        case Started => quiet(state)
        case ExecutorAdded(id, cores) =>
          awaitMore(state.copy(executors = state.executors.updated(id, cores)))
        case ExecutorLost(id, _) => awaitMore(state.copy(executors = state.executors - id))
        case ExecutorsSettled(count) if count == state.executors.size =>
          Supervisor.step(state.copy(workers = count, counting = false), Started)
        case _ => Supervisor.step(state, event)
      }

  private def awaitMore(state: ClusterState): Transition = {
    val count = state.executors.size
    if (count == 0) quiet(state) else (state, Vector(After(settled, ExecutorsSettled(count))))
  }
}
