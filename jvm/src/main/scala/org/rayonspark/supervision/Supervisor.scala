package org.rayonspark.supervision

import org.rayonspark.{PlacementException, RayClusterState, StartTimeoutException}
import org.rayonspark.conf.Keys
import org.rayonspark.node.NodeExit
import org.rayonspark.plan.NodeRole
import org.rayonspark.rpc.DriverMessage
import org.rayonspark.supervision.ClusterAction._
import org.rayonspark.supervision.ClusterEvent._
import org.rayonspark.supervision.Transition.{fail, quiet, stop, stopGrace, Transition}

/**
 * Decides what a cluster does. A pure function from a state and an event to the next state and the
 * actions to perform; it uses no threads and no clock. Called on the loop's thread.
 */
object Supervisor {

  def step(state: ClusterState, event: ClusterEvent): Transition =
    if (state.phase.isFinal) (state, Vector.empty)
    else
      event match {
        case ContainerTerminating(id, usage) => NodeLoss.usageReported(state, id, usage)
        case UsageOverdue(id) => NodeLoss.usageOverdue(state, id)
        case _ if state.ending => Ending.step(state, event)
        case Started => placeWhenRegistered(state)
        case ExecutorAdded(id, cores) =>
          val known = state.copy(executors = state.executors.updated(id, cores))
          if (known.placed) NodePlacement.fillUp(known) else placeWhenRegistered(known)
        case ExecutorLost(id, reason) =>
          val next = state.copy(executors = state.executors - id, placing = state.placing - id)
          next.nodes
            .get(id)
            .filter(_.draining)
            .fold(agentLost(next, id, reason))(NodeDrain.executorLost(next, _, reason))
        case ExecutorLeaving(id, why) => NodeDrain.leaving(state, id, why)
        case ExecutorsUnavailable(why) =>
          if (state.placed) quiet(state)
          else fail(state, new PlacementException(s"${state.progress.capitalize}. $why"))
        case JobEnded(reserving, error) => jobEnded(state, reserving, error)
        case AgentRegistered(id, host) => NodePlacement.registered(state, id, host)
        case NodeStarted(id, incarnation, pid) =>
          quiet(
            state.activeNode(id, incarnation).fold(state)(n => state.put(n.copy(pid = Some(pid))))
          )
        case ResourceOffered(id, incarnation, offer) =>
          NodePlacement.offered(state, id, incarnation, offer)
        case OfferDeclined(id, incarnation, why) =>
          state
            .activeNode(id, incarnation)
            .fold(quiet(state))(NodeRestart.notPrepared(state, _, new PlacementException(why)))
        case Probed(id, incarnation, error) => NodePlacement.probed(state, id, incarnation, error)
        case NodeSeen(name, rayNodeId, alive) => nodeSeen(state, name, rayNodeId, alive)
        case NodeExited(id, incarnation, exit) =>
          state
            .activeNode(id, incarnation)
            // A node whose offer could not be used has failed already, and waits for its restart.
            .filter(_.state != NodeState.BackingOff)
            .fold(quiet(state))(nodeExited(state, _, exit))
        case RestartDue(id) => restart(state, id)
        case RestartForgotten(id) => NodeRestart.forget(state, id)
        case PlacementDue => NodePlacement.fillUp(state.copy(placementPending = false))
        case ReservationDue(id) =>
          (state, state.activeWorkers.filter(_.executorId == id).flatMap(reserve(state, _)))
        case OutOfMemory(id, incarnation, limit) =>
          val warning = state.activeNode(id, incarnation).map(NodeFailure.outOfMemory(_, limit))
          (state, warning.map(Warn(_)).toVector)
        case AgentClosed(id) => agentLost(state, id, "its agent has closed")
        case StartTimedOut => if (state.starting) fail(state, timedOut(state)) else quiet(state)
        case StopRequested => stop(state)
        case ApplicationEnded => stop(state.copy(applicationEnded = true))
        case ClientsDisconnected | StopTimedOut | ExecutorsSettled(_) => quiet(state)
      }

  private def placeWhenRegistered(state: ClusterState): Transition =
    if (state.placed || state.local) quiet(state)
    else if (state.dynamic)
      (
        state.copy(placed = true),
        Vector(
          Warn(
            "dynamic allocation is on, so the nodes are placed without barrier scheduling, and " +
              "each one reserves slots so that Spark keeps its executor."
          ),
          PlaceDynamically(state.workers)
        )
      )
    else if (state.executors.size < state.workers) quiet(state)
    else {
      val chosen = state.executors.keys.take(state.workers).toVector
      (state.copy(placed = true, placing = chosen.toSet), Vector(PlaceNodes(chosen)))
    }

  private def agentLost(state: ClusterState, id: String, reason: String): Transition =
    state.nodes.get(id).filter(_.active) match {
      case None => quiet(state)
      case Some(node) if node.draining => NodeDrain.ended(state, node)
      case Some(node) if node.role == NodeRole.Head =>
        fail(state, NodeFailure.headLost(node, reason))
      // The tasks that would make Spark add an executor end on those that are ready.
      case Some(node) if state.starting && state.dynamic =>
        fail(state, NodeFailure.executorLost(node, reason))
      case Some(node) =>
        val (lost, warnings) =
          NodeLoss.executorLost(state.state(node, NodeState.Lost), id, reason)
        val (next, actions) = NodePlacement.fillUp(lost)
        (next, warnings ++ actions)
    }

  private def jobEnded(
      state: ClusterState,
      reserving: Option[String],
      error: Option[Throwable]
  ): Transition =
    (reserving, error) match {
      // It was cancelled, or another job has the slots: the node keeps running and tries again.
      case (Some(id), Some(_)) => (state, Vector(After(BackOff.first, ReservationDue(id))))
      case (Some(_), None) => quiet(state)
      case (None, Some(cause)) if state.starting => fail(state, NodeFailure.jobFailed(cause))
      case (None, Some(cause)) =>
        val (next, actions) = NodePlacement.placementMissed(state)
        (next, Warn(s"A job that places Ray nodes failed: $cause") +: actions)
      // Spark treats a requested executor as a preference only: the task ran elsewhere.
      case (None, None) if state.placing.nonEmpty => NodePlacement.placementMissed(state)
      case (None, None) => NodePlacement.fillUp(state)
    }

  private def nodeSeen(
      state: ClusterState,
      name: String,
      rayId: String,
      alive: Boolean
  ): Transition =
    state.nodes.values.find(n => n.active && n.plan.exists(_.name == name)) match {
      case Some(node) if alive && node.state == NodeState.Launched =>
        announce(state.state(node, NodeState.Alive(rayId)), node)
      case Some(node) if !alive && node.draining => NodeDrain.unlisted(state, node, rayId)
      case Some(node) if !alive && node.alive =>
        (state, Vector(Warn(s"GCS lists Ray node ${node.index} on host ${node.host} as dead.")))
      case _ => quiet(state)
    }

  private def announce(state: ClusterState, node: ClusterNode): Transition = {
    val ready = Vector(
      Tell(node.executorId, DriverMessage.Ready),
      Info(s"Ray node ${node.index} (${node.role}) is alive on host ${node.host}.")
    )
    val (launched, launches) = NodePlacement.launchDue(state)
    // With dynamic allocation, the tasks that place the first nodes hold the slots until then.
    val running =
      if (state.starting && state.complete) launched.copy(phase = RayClusterState.RUNNING)
      else launched
    val settled =
      if (state.starting && running.running) running.activeWorkers
      else Vector(node).filter(n => running.running && n.incarnation == 0)
    (running, ready ++ launches ++ settled.flatMap(reserve(running, _)))
  }

  private def reserve(state: ClusterState, node: ClusterNode): Vector[ClusterAction] = {
    val slots = node.plan.fold(0)(_.cpus)
    val all = state.executors.get(node.executorId).exists(_ <= slots)
    if (!state.reserved || node.role == NodeRole.Head || slots == 0) Vector.empty
    else
      Vector(
        Option.when(all)(
          Warn(
            s"Ray node ${node.index} reserves all $slots slots of Spark executor " +
              s"${node.executorId}: no Spark task runs there until the cluster stops. Lower " +
              "cpus_per_node to leave some."
          )
        ),
        Some(Reserve(node.executorId, slots))
      ).flatten
  }

  private def nodeExited(state: ClusterState, node: ClusterNode, exit: NodeExit): Transition = {
    val again = node.incarnation < state.spec(Keys.maxRestarts)
    if (node.draining) NodeDrain.ended(state, node)
    else if (state.starting && again && NodeFailure.isPortConflict(exit))
      NodePlacement.prepareAgain(state, node)
    else if (state.starting || node.role == NodeRole.Head)
      fail(state, NodeFailure.exited(node, exit))
    else NodeRestart.restartLater(state, node, NodeFailure.sentence(node, exit))
  }

  private def restart(state: ClusterState, executorId: String): Transition =
    state.nodes
      .get(executorId)
      .filter(_.state == NodeState.BackingOff)
      .fold(quiet(state))(NodePlacement.prepareAgain(state, _))

  private def timedOut(state: ClusterState): StartTimeoutException = {
    val limit = state.spec(Keys.startTimeout)
    new StartTimeoutException(
      s"The Ray cluster did not start within ${limit.toSeconds} s: ${state.progress}. " +
        "Free executors or lower num_nodes, or raise start_timeout."
    )
  }

  /** Handles events between the request to stop and the end. */
  private object Ending {
    def step(state: ClusterState, event: ClusterEvent): Transition = event match {
      case ClientsDisconnected =>
        val active = state.nodes.values.filter(_.active).toVector
        val tells = active.map(n => Tell(n.executorId, DriverMessage.Stop(stopGrace)))
        val (next, closing) = closeWhenEmpty(
          if (state.applicationEnded) endWorkers(state) else NodeDrain.endUnreachable(state)
        )
        (next, tells ++ closing)
      case AgentRegistered(id, _) => (state, Vector(Tell(id, DriverMessage.Stop(stopGrace))))
      case AgentClosed(id) => ended(state, id)
      case ExecutorLost(id, _) => ended(state, id)
      case ApplicationEnded => closeWhenEmpty(endWorkers(state.copy(applicationEnded = true)))
      case StopTimedOut =>
        val left = state.nodes.values.filter(_.active).map(n => s"node ${n.index}").mkString(", ")
        close(state, Vector(Warn(s"these nodes have not reported their end: $left.")))
      case _ => quiet(state)
    }

    private def ended(state: ClusterState, executorId: String): Transition =
      closeWhenEmpty(
        state.nodes.get(executorId).filter(_.active).fold(state) { node =>
          state.state(node, NodeState.Stopped)
        }
      )

    private def endWorkers(state: ClusterState): ClusterState =
      state.nodes.values
        .filter(n => n.role == NodeRole.Worker && n.active)
        .foldLeft(state)((s, n) => s.state(n, NodeState.Stopped))

    private def closeWhenEmpty(state: ClusterState): Transition =
      if (state.nodes.values.exists(_.active)) quiet(state) else close(state, Vector.empty)

    private def close(state: ClusterState, before: Vector[ClusterAction]): Transition = {
      val last = if (state.failure.isEmpty) RayClusterState.STOPPED else RayClusterState.FAILED
      // Tasks that keep a slot have returned with its node. Only those without a slot are left.
      (
        state.copy(phase = last),
        before ++ NodeLoss.pendingWarnings(state) ++ Vector(CancelJobs, Close)
      )
    }
  }
}
