package org.rayonspark.watch

import org.rayonspark.{PlacementException, RayClusterState, StartTimeoutException}
import org.rayonspark.conf.Keys
import org.rayonspark.node.NodeExit
import org.rayonspark.plan.NodeRole
import org.rayonspark.rendezvous.DriverMessage
import org.rayonspark.watch.ClusterAction._
import org.rayonspark.watch.ClusterEvent._
import org.rayonspark.watch.Step.{fail, quiet, stop, Step}

import scala.concurrent.duration._

/**
 * Decides what a cluster does: a pure fold of events into states and actions, from the first offer
 * to the last node's end. It knows no thread and no clock.
 */
object Supervisor {

  /**
   * How long Ray may take to end by itself when its whole cluster ends: nothing is worth draining.
   */
  private val stopGrace = 1.second

  private val firstBackOff = 1.second
  private val longestBackOff = 30.seconds

  def step(state: ClusterState, event: ClusterEvent): Step =
    if (state.phase.isFinal) (state, Vector.empty)
    else
      event match {
        case ContainerEnding(id, use) => NodeLoss.ending(state, id, use)
        case UseDue(id) => NodeLoss.due(state, id)
        case _ if state.ending => Ending.step(state, event)
        case Started => placeWhenRegistered(state)
        case ExecutorAdded(id, cores) =>
          val known = state.copy(executors = state.executors.updated(id, cores))
          if (known.placed) Gathering.fillUp(known) else placeWhenRegistered(known)
        case ExecutorLost(id, reason) =>
          val left = state.copy(executors = state.executors - id, visiting = state.visiting - id)
          left.members
            .get(id)
            .filter(_.draining)
            .fold(keeperLost(left, id, reason))(NodeDrain.executorLost(left, _, reason))
        case ExecutorLeaving(id, why) => NodeDrain.leaving(state, id, why)
        case ExecutorsKept(why) =>
          if (state.placed) quiet(state)
          else fail(state, new PlacementException(s"${state.progress.capitalize}. $why"))
        case JobEnded(reserving, error) => jobEnded(state, reserving, error)
        case Enlisted(id, host) => Gathering.enlisted(state, id, host)
        case NodeStarted(id, incarnation, pid) =>
          quiet(state.living(id, incarnation).fold(state)(m => state.put(m.copy(pid = Some(pid)))))
        case Offered(id, incarnation, offer) => Gathering.offered(state, id, incarnation, offer)
        case CannotOffer(id, incarnation, why) =>
          state
            .living(id, incarnation)
            .fold(quiet(state))(_ => fail(state, new PlacementException(why)))
        case Probed(id, incarnation, error) => Gathering.probed(state, id, incarnation, error)
        case NodeSeen(name, rayNodeId, alive) => nodeSeen(state, name, rayNodeId, alive)
        case NodeExited(id, incarnation, exit) =>
          state.living(id, incarnation).fold(quiet(state))(nodeExited(state, _, exit))
        case RestartDue(id) => restart(state, id)
        case ReservationDue(id) =>
          (state, state.activeWorkers.filter(_.executorId == id).flatMap(reserve(state, _)))
        case OutOfMemory(id, incarnation, limit) =>
          val news = state.living(id, incarnation).map(NodeFailure.outOfMemory(_, limit))
          (state, news.map(Warn(_)).toVector)
        case KeeperClosed(id) => keeperLost(state, id, "its keeper has closed")
        case StartTimedOut => if (state.starting) fail(state, timedOut(state)) else quiet(state)
        case StopAsked => stop(state)
        case ApplicationEnded => stop(state.copy(applicationEnded = true))
        case ClientsDismissed | StopTimedOut | ExecutorsSettled(_) => quiet(state)
      }

  private def placeWhenRegistered(state: ClusterState): Step =
    if (state.placed || state.local) quiet(state)
    else if (state.dynamic)
      (
        state.copy(placed = true),
        Vector(
          Warn(
            "dynamic allocation is on, so the nodes are placed without barrier scheduling, and each " +
              "reserves its slots and keeps its executor."
          ),
          Gather(state.workers)
        )
      )
    else if (state.executors.size < state.workers) quiet(state)
    else (state.copy(placed = true), Vector(Place(state.workers)))

  private def keeperLost(state: ClusterState, id: String, reason: String): Step =
    state.members.get(id).filter(_.active) match {
      case None => quiet(state)
      case Some(member) if member.draining => NodeDrain.ended(state, member)
      case Some(member) if state.starting || member.role == NodeRole.Head =>
        fail(state, NodeFailure.executorLost(member, reason))
      case Some(member) =>
        val (lost, news) = NodeLoss.told(state.stage(member, Stage.Lost), id, reason)
        val (next, actions) = Gathering.fillUp(lost)
        (next, news ++ actions)
    }

  private def jobEnded(
      state: ClusterState,
      reserving: Option[String],
      error: Option[Throwable]
  ): Step =
    (reserving, error) match {
      // It was cancelled, or another job has the slots: the node stays, and asks again.
      case (Some(id), Some(_)) => (state, Vector(After(firstBackOff, ReservationDue(id))))
      case (Some(_), None) => quiet(state)
      case (None, Some(cause)) if state.starting => fail(state, NodeFailure.jobFailed(cause))
      case (None, Some(cause)) =>
        (
          state.copy(visiting = Set.empty),
          Vector(Warn(s"A job that places Ray nodes failed: $cause"))
        )
      case (None, None) => Gathering.fillUp(state.copy(visiting = Set.empty))
    }

  private def nodeSeen(state: ClusterState, name: String, rayId: String, alive: Boolean): Step =
    state.members.values.find(m => m.active && m.plan.exists(_.name == name)) match {
      case Some(member) if alive && member.stage == Stage.Launched =>
        announce(state.stage(member, Stage.Alive(rayId)), member)
      case Some(member) if !alive && member.draining => NodeDrain.unlisted(state, member, rayId)
      case Some(member) if !alive && member.alive =>
        (state, Vector(Warn(s"GCS lists Ray node ${member.index} on host ${member.host} as dead.")))
      case _ => quiet(state)
    }

  private def announce(state: ClusterState, member: Member): Step = {
    val told = Vector(
      Tell(member.executorId, DriverMessage.Ready),
      Info(s"Ray node ${member.index} (${member.role}) is alive on host ${member.host}.")
    )
    val (launched, launches) = Gathering.launchDue(state)
    // The tasks that place the first nodes wait for all of them: until then they have the slots.
    val running =
      if (state.starting && state.complete) launched.copy(phase = RayClusterState.RUNNING)
      else launched
    val settled =
      if (state.starting && running.running) running.activeWorkers
      else Vector(member).filter(m => running.running && m.incarnation == 0)
    (running, told ++ launches ++ settled.flatMap(reserve(running, _)))
  }

  private def reserve(state: ClusterState, member: Member): Vector[ClusterAction] = {
    val slots = member.plan.fold(0)(_.cpus)
    val all = state.executors.get(member.executorId).exists(_ <= slots)
    if (!state.reserved || member.role == NodeRole.Head || slots == 0) Vector.empty
    else
      Vector(
        Option.when(all)(
          Warn(
            s"Ray node ${member.index} reserves all $slots slots of Spark executor " +
              s"${member.executorId}: no Spark task runs there until the cluster stops. Lower " +
              "cpus_per_node to leave some."
          )
        ),
        Some(Reserve(member.executorId, slots))
      ).flatten
  }

  private def nodeExited(state: ClusterState, member: Member, exit: NodeExit): Step = {
    val again = member.incarnation < state.spec(Keys.maxRestarts)
    if (member.draining) NodeDrain.ended(state, member)
    else if (state.starting && again && NodeFailure.isPortConflict(exit))
      Gathering.prepareAgain(state, member)
    else if (state.starting || member.role == NodeRole.Head)
      fail(state, NodeFailure.exited(member, exit))
    else if (again) {
      val delay = longestBackOff.min(firstBackOff * (1L << member.incarnation.min(10)))
      (
        state.stage(member, Stage.BackingOff),
        Vector(
          Warn(s"${NodeFailure.sentence(member, exit)} It starts again in $delay."),
          After(delay, RestartDue(member.executorId))
        )
      )
    } else
      (
        state.stage(member, Stage.Failed),
        Vector(
          Warn(
            s"${NodeFailure.sentence(member, exit)} It has been restarted ${member.incarnation} times, " +
              "as often as max_restarts allows; the cluster goes on without it."
          ),
          Tell(member.executorId, DriverMessage.Stop(stopGrace))
        )
      )
  }

  private def restart(state: ClusterState, executorId: String): Step =
    state.members
      .get(executorId)
      .filter(_.stage == Stage.BackingOff)
      .fold(quiet(state))(Gathering.prepareAgain(state, _))

  private def timedOut(state: ClusterState): StartTimeoutException = {
    val limit = state.spec(Keys.startTimeout)
    new StartTimeoutException(
      s"The Ray cluster did not start within ${limit.toSeconds} s: ${state.progress}. " +
        "Free executors or lower num_nodes, or raise start_timeout."
    )
  }

  /** What happens between the wish to stop and the end. */
  private object Ending {
    def step(state: ClusterState, event: ClusterEvent): Step = event match {
      case ClientsDismissed =>
        val active = state.members.values.filter(_.active).toVector
        val tells = active.map(m => Tell(m.executorId, DriverMessage.Stop(stopGrace)))
        val (next, closing) = closeWhenEmpty(
          if (state.applicationEnded) endWorkers(state) else NodeDrain.letGo(state)
        )
        (next, tells ++ closing)
      case Enlisted(id, _) => (state, Vector(Tell(id, DriverMessage.Stop(stopGrace))))
      case KeeperClosed(id) => ended(state, id)
      case ExecutorLost(id, _) => ended(state, id)
      case ApplicationEnded => closeWhenEmpty(endWorkers(state.copy(applicationEnded = true)))
      case StopTimedOut =>
        val left = state.members.values.filter(_.active).map(m => s"node ${m.index}").mkString(", ")
        close(state, Vector(Warn(s"The Ray cluster ${state.id} did not hear of the end of $left.")))
      case _ => quiet(state)
    }

    private def ended(state: ClusterState, executorId: String): Step =
      closeWhenEmpty(
        state.members.get(executorId).filter(_.active).fold(state) { member =>
          state.stage(member, Stage.Stopped)
        }
      )

    private def endWorkers(state: ClusterState): ClusterState =
      state.members.values
        .filter(m => m.role == NodeRole.Worker && m.active)
        .foldLeft(state)((s, m) => s.stage(m, Stage.Stopped))

    private def closeWhenEmpty(state: ClusterState): Step =
      if (state.members.values.exists(_.active)) quiet(state) else close(state, Vector.empty)

    private def close(state: ClusterState, before: Vector[ClusterAction]): Step = {
      val last = if (state.failure.isEmpty) RayClusterState.STOPPED else RayClusterState.FAILED
      // Tasks that hold a node have returned with it; only those that never got a slot are cancelled.
      (state.copy(phase = last), before ++ NodeLoss.rest(state) ++ Vector(CancelJobs, Close))
    }
  }
}
