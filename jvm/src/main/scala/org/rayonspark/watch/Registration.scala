package org.rayonspark.watch

import org.rayonspark.watch.ClusterAction.After
import org.rayonspark.watch.ClusterEvent._
import org.rayonspark.watch.Step.{quiet, Step}

import scala.concurrent.duration._

/**
 * Stands before the [[Supervisor]] until the number of nodes is known: where no setting says how
 * many executors there will be, "all executors" are those that have registered when no other one
 * follows. A cluster manager launches an application's executors together, as many as fit.
 */
object Registration {

  /** By more than this, executors that were launched together are hardly ever apart. */
  val settled: FiniteDuration = 5.seconds

  def step(state: ClusterState, event: ClusterEvent): Step =
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

  private def awaitMore(state: ClusterState): Step = {
    val count = state.executors.size
    if (count == 0) quiet(state) else (state, Vector(After(settled, ExecutorsSettled(count))))
  }
}
