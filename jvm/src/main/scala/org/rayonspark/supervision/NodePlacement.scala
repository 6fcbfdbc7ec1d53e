package org.rayonspark.supervision

import org.rayonspark.UnreachableException
import org.rayonspark.conf.{Keys, RayPort}
import org.rayonspark.plan.{ClusterPlan, NodePlan, NodeRole, Planner, ResourceOffer}
import org.rayonspark.rpc.DriverMessage
import org.rayonspark.supervision.ClusterAction._
import org.rayonspark.supervision.ClusterEvent.PlacementDue
import org.rayonspark.supervision.Transition.{fail, quiet, Transition}

import scala.collection.immutable.ListMap
import scala.concurrent.duration._

/**
 * The part of the supervisor that turns agents into launched nodes: register, offer, plan, launch.
 */
private object NodePlacement {

  /** Places nodes on executors that have none, if nodes are missing. */
  def fillUp(state: ClusterState): Transition = {
    val taken = state.nodes.values
      .filter(n => n.active || n.state == NodeState.Failed || n.state == NodeState.Drained)
      .map(_.executorId)
      .toSet ++
      state.placing
    val missing = state.workers - state.activeWorkers.size - state.placing.size
    val free = state.executors.keys.filterNot(taken).take(missing).toVector
    // Dynamic allocation starts with tasks that wait, on whichever executors Spark adds.
    val begun = state.running || state.starting && state.placed && !state.dynamic
    if (!begun || missing <= 0 || free.isEmpty) quiet(state)
    else (state.copy(placing = state.placing ++ free), Vector(PlaceOn(free)))
  }

  /** Handles a placement that did not reach its executors: retries after a back-off. */
  def placementMissed(state: ClusterState): Transition = {
    // A start has a time limit, and an executor's slot may be free only for a moment.
    val delay = if (state.starting) BackOff.first else BackOff.after(state.missedPlacements)
    val missed = state.copy(executors = last(state.executors, state.placing), placing = Set.empty)
    if (state.ending || state.placementPending) quiet(missed)
    else
      (
        missed.copy(placementPending = true, missedPlacements = state.missedPlacements + 1),
        Vector(After(delay, PlacementDue))
      )
  }

  /** Moves these executors to the end, so that others are tried before them. */
  private def last(executors: ListMap[String, Int], missed: Set[String]): ListMap[String, Int] =
    missed.foldLeft(executors) { (all, id) =>
      all.get(id).fold(all)(cores => (all - id).updated(id, cores))
    }

  def registered(state: ClusterState, executorId: String, host: String): Transition = {
    val known = state.copy(placing = state.placing - executorId, missedPlacements = 0)
    if (state.head.isEmpty) prepare(known, ClusterNode(executorId, host, 0, NodeRole.Head))
    else if (isEnding(state, executorId) || state.activeWorkers.size >= state.workers)
      (known, Vector(Tell(executorId, DriverMessage.Stop(Duration.Zero))))
    else {
      val index = state.nodes.values.map(_.index).max + 1
      prepare(known, ClusterNode(executorId, host, index, NodeRole.Worker))
    }
  }

  /** Whether the executor is about to end. A placement task may still reach such an executor. */
  private def isEnding(state: ClusterState, executorId: String): Boolean =
    state.nodes.get(executorId).exists(n => n.draining || n.state == NodeState.Drained)

  /** Starts the node's next incarnation, with a new offer: new ports, a new directory and name. */
  def prepareAgain(state: ClusterState, node: ClusterNode): Transition =
    prepare(if (node.role == NodeRole.Head) forgetPlans(state) else state, node.nextIncarnation)

  /** Drops the plans of workers that wait for the head, because its address changes. */
  private def forgetPlans(state: ClusterState): ClusterState =
    state.activeWorkers.foldLeft(state.copy(headOffer = None)) { (s, worker) =>
      worker.state match {
        case NodeState.Planned(offer) =>
          s.put(worker.copy(state = NodeState.Offered(offer, reached = true)))
        case _ => s
      }
    }

  private def prepare(state: ClusterState, node: ClusterNode): Transition =
    if (node.role == NodeRole.Worker && headAddress(state).isEmpty) quiet(state.put(node))
    else {
      val cores = state.executors.getOrElse(node.executorId, state.launchTemplate.driverCores)
      val head = if (node.role == NodeRole.Head) None else headAddress(state)
      val context = state.launchTemplate.context(node, head, cores)
      (
        state.put(node.copy(state = NodeState.Preparing)),
        Vector(Tell(node.executorId, DriverMessage.Prepare(context)))
      )
    }

  /** Returns the head's address, which is known as soon as the head has offered. */
  private def headAddress(state: ClusterState): Option[String] =
    state.head.flatMap { head =>
      head.state match {
        case NodeState.Offered(offer, _) => Some(s"${offer.host}:${offer.ports(RayPort.Gcs)}")
        case _ => head.plan.map(_.gcsAddress)
      }
    }

  def offered(state: ClusterState, id: String, incarnation: Int, offer: ResourceOffer): Transition =
    state.activeNode(id, incarnation).fold(quiet(state)) { node =>
      val isHead = node.role == NodeRole.Head
      val next = state.put(node.copy(state = NodeState.Offered(offer, reached = isHead)))
      if (!isHead) {
        val port = offer.ports(RayPort.NodeManager)
        (next, Vector(Probe(id, incarnation, offer.host, port)))
      } else
        planner(next).checkHead(offer) match {
          case Left(error) => fail(next, error.exception)
          case Right(_) =>
            val (prepared, actions) =
              all(next, next.activeWorkers.filter(_.state == NodeState.Waiting))(prepare)
            val (planned, more) = planWhenComplete(prepared)
            (planned, missingDashboard(state, offer).toVector ++ actions ++ more)
        }
    }

  private def missingDashboard(state: ClusterState, head: ResourceOffer): Option[ClusterAction] =
    Option.when(state.spec(Keys.dashboard) && !head.dashboard)(
      Warn(
        s"the Python ${head.python} of the head lacks packages of Ray's dashboard, so the cluster " +
          "has none. Install \"ray[default]\" there, or set dashboard to false."
      )
    )

  def probed(state: ClusterState, id: String, incarnation: Int, error: Option[String]): Transition =
    state.activeNode(id, incarnation).map(n => (n, n.state)) match {
      case Some((node, NodeState.Offered(offer, _))) =>
        error match {
          case Some(why) => NodeRestart.notPrepared(state, node, new UnreachableException(why))
          case None =>
            planWhenComplete(state.put(node.copy(state = NodeState.Offered(offer, reached = true))))
        }
      case _ => quiet(state)
    }

  /** Makes the first plan when all offers have arrived: nodes on one host share its memory. */
  private def planWhenComplete(state: ClusterState): Transition = {
    val active = state.head.toVector ++ state.activeWorkers
    val offers = active.collect { case n if reachedOffer(n).isDefined => (n, reachedOffer(n).get) }
    val complete = active.size == state.workers + 1 && offers.size == active.size
    (state.headOffer, offers) match {
      case (Some(head), _) => planEach(state, head, offers)
      case (None, (_, head) +: workers) if complete =>
        planner(state).plan(head, workers.map(_._2)) match {
          case Left(error) => fail(state, error.exception)
          case Right(plan) => launchDue(planned(state, offers, plan.head +: plan.workers))
        }
      case _ => launchDue(state)
    }
  }

  private def planned(
      state: ClusterState,
      offers: Vector[(ClusterNode, ResourceOffer)],
      made: Vector[NodePlan]
  ): ClusterState =
    made.foldLeft(state) { (s, plan) =>
      offers.find(_._1.executorId == plan.executorId).fold(s) { case (node, offer) =>
        val head = if (node.role == NodeRole.Head) Some(offer) else s.headOffer
        s.copy(headOffer = head).put(node.copy(state = NodeState.Planned(offer), plan = Some(plan)))
      }
    }

  private def reachedOffer(node: ClusterNode): Option[ResourceOffer] = node.state match {
    case NodeState.Offered(offer, true) => Some(offer)
    case _ => None
  }

  /** Plans nodes one by one into the running cluster. A failure does not affect the others. */
  private def planEach(
      state: ClusterState,
      head: ResourceOffer,
      offers: Vector[(ClusterNode, ResourceOffer)]
  ): Transition = {
    val running = ClusterPlan(state.head.flatMap(_.plan).get, state.activeWorkers.flatMap(_.plan))
    val (failed, made) = offers.partitionMap { case (node, offer) =>
      planner(state)
        .planNode(running, head, offer, node.incarnation)
        .left
        .map(error => (node, error.exception))
    }
    failed.headOption.filter(_ => state.starting) match {
      case Some((_, error)) => fail(state, error)
      case None =>
        val (remaining, warnings) = all(planned(state, offers, made), failed) {
          case (s, (node, error)) =>
            NodeRestart.notPrepared(s, node, error)
        }
        val (launched, launches) = launchDue(remaining)
        (launched, warnings ++ launches)
    }
  }

  private def planner(state: ClusterState): Planner = Planner(state.spec, state.id, state.local)

  /**
   * Launches the planned nodes, workers only after GCS lists the head: a worker that starts earlier
   * loses seconds in Ray's own retries.
   */
  def launchDue(state: ClusterState): Transition = {
    val due = for {
      node <- state.nodes.values.toVector
      plan <- node.plan
      planned = node.state match { case _: NodeState.Planned => true; case _ => false }
      if planned && (node.role == NodeRole.Head || state.head.exists(_.alive))
    } yield (node, plan)
    due.foldLeft((state, Vector.empty[ClusterAction])) { case ((s, actions), (node, plan)) =>
      val launch =
        Tell(node.executorId, DriverMessage.Launch(node.incarnation, plan, state.workers + 1))
      (s.put(node.copy(state = NodeState.Launched)), actions :+ launch)
    }
  }

  private def all[A](state: ClusterState, some: Vector[A])(
      one: (ClusterState, A) => Transition
  ): Transition =
    some.foldLeft((state, Vector.empty[ClusterAction])) { case ((s, actions), each) =>
      val (next, more) = one(s, each)
      (next, actions ++ more)
    }
}
