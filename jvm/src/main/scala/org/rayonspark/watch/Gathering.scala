package org.rayonspark.watch

import org.rayonspark.UnreachableException
import org.rayonspark.conf.RayPort
import org.rayonspark.plan.{ClusterPlan, NodePlan, NodeRole, Offer, PlanError, Planner}
import org.rayonspark.rendezvous.DriverMessage
import org.rayonspark.watch.ClusterAction._
import org.rayonspark.watch.Step.{fail, quiet, Step}

import scala.concurrent.duration._

/**
 * The part of the supervisor that turns keepers into launched nodes: enlist, offer, plan, launch.
 */
private object Gathering {

  /** Sends tasks to executors without a node, as long as nodes are missing. */
  def fillUp(state: ClusterState): Step = {
    val taken = state.members.values
      .filter(m => m.active || m.stage == Stage.Failed || m.stage == Stage.Drained)
      .map(_.executorId)
      .toSet ++
      state.visiting
    val missing = state.workers - state.activeWorkers.size - state.visiting.size
    val free = state.executors.keys.filterNot(taken).take(missing).toVector
    if (!state.running || missing <= 0 || free.isEmpty) quiet(state)
    else (state.copy(visiting = state.visiting ++ free), Vector(Visit(free)))
  }

  def enlisted(state: ClusterState, executorId: String, host: String): Step = {
    val known = state.copy(visiting = state.visiting - executorId)
    if (state.head.isEmpty) prepare(known, Member(executorId, host, 0, NodeRole.Head))
    else if (leaves(state, executorId) || state.activeWorkers.size >= state.workers)
      (known, Vector(Tell(executorId, DriverMessage.Stop(Duration.Zero))))
    else {
      val index = state.members.values.map(_.index).max + 1
      prepare(known, Member(executorId, host, index, NodeRole.Worker))
    }
  }

  /** Whether that executor is about to go: a task may still reach it. */
  private def leaves(state: ClusterState, executorId: String): Boolean =
    state.members.get(executorId).exists(m => m.draining || m.stage == Stage.Drained)

  /** Gives a member its next life, with a new offer: new ports, a new directory, a new name. */
  def prepareAgain(state: ClusterState, member: Member): Step =
    prepare(if (member.role == NodeRole.Head) forgetPlans(state) else state, member.reborn)

  /** A head with a new address makes the plans of the workers that wait for it stale. */
  private def forgetPlans(state: ClusterState): ClusterState =
    state.activeWorkers.foldLeft(state.copy(headOffer = None)) { (s, worker) =>
      worker.stage match {
        case Stage.Planned(offer) =>
          s.put(worker.copy(stage = Stage.Offered(offer, reached = true)))
        case _ => s
      }
    }

  private def prepare(state: ClusterState, member: Member): Step =
    if (member.role == NodeRole.Worker && headAddress(state).isEmpty) quiet(state.put(member))
    else {
      val cores = state.executors.getOrElse(member.executorId, state.charters.driverCores)
      val reach = if (member.role == NodeRole.Head) None else headAddress(state)
      val charter = state.charters.charter(member, reach, cores)
      (
        state.put(member.copy(stage = Stage.Preparing)),
        Vector(Tell(member.executorId, DriverMessage.Prepare(charter)))
      )
    }

  /** Known from the head's offer on. */
  private def headAddress(state: ClusterState): Option[String] =
    state.head.flatMap { head =>
      head.stage match {
        case Stage.Offered(offer, _) => Some(s"${offer.host}:${offer.ports(RayPort.Gcs)}")
        case _ => head.plan.map(_.gcsAddress)
      }
    }

  def offered(state: ClusterState, id: String, incarnation: Int, offer: Offer): Step =
    state.living(id, incarnation).fold(quiet(state)) { member =>
      val isHead = member.role == NodeRole.Head
      val next = state.put(member.copy(stage = Stage.Offered(offer, reached = isHead)))
      if (!isHead) {
        val port = offer.ports(RayPort.NodeManager)
        (next, Vector(Probe(id, incarnation, offer.host, port)))
      } else {
        val (prepared, actions) =
          all(next, next.activeWorkers.filter(_.stage == Stage.Waiting))(prepare)
        val (planned, more) = planWhenComplete(prepared)
        (planned, actions ++ more)
      }
    }

  def probed(state: ClusterState, id: String, incarnation: Int, error: Option[String]): Step =
    state.living(id, incarnation).map(m => (m, m.stage)) match {
      case Some((member, Stage.Offered(offer, _))) =>
        error match {
          case Some(why) => fail(state, new UnreachableException(why))
          case None =>
            planWhenComplete(state.put(member.copy(stage = Stage.Offered(offer, reached = true))))
        }
      case _ => quiet(state)
    }

  /** The first plan needs every offer, because nodes on one host share its memory. */
  private def planWhenComplete(state: ClusterState): Step = {
    val active = state.head.toVector ++ state.activeWorkers
    val offers = active.collect { case m if reachedOffer(m).isDefined => (m, reachedOffer(m).get) }
    val complete = active.size == state.workers + 1 && offers.size == active.size
    val plans = (state.headOffer, offers) match {
      case (Some(head), _) => planEach(state, head, offers)
      case (None, (_, head) +: workers) if complete => planAll(state, head, workers.map(_._2))
      case _ => Right(Vector.empty)
    }
    plans match {
      case Left(error) => fail(state, error.exception)
      case Right(made) =>
        val next = made.foldLeft(state) { (s, plan) =>
          offers.find(_._1.executorId == plan.executorId).fold(s) { case (member, offer) =>
            val head = if (member.role == NodeRole.Head) Some(offer) else s.headOffer
            s.copy(headOffer = head)
              .put(member.copy(stage = Stage.Planned(offer), plan = Some(plan)))
          }
        }
        launchDue(next)
    }
  }

  private def reachedOffer(member: Member): Option[Offer] = member.stage match {
    case Stage.Offered(offer, true) => Some(offer)
    case _ => None
  }

  private def planAll(
      state: ClusterState,
      head: Offer,
      workers: Vector[Offer]
  ): Either[PlanError, Vector[NodePlan]] =
    planner(state).plan(head, workers).map(plan => plan.head +: plan.workers)

  /** One by one, into the plan that the cluster runs by. */
  private def planEach(
      state: ClusterState,
      head: Offer,
      offers: Vector[(Member, Offer)]
  ): Either[PlanError, Vector[NodePlan]] = {
    val running = ClusterPlan(state.head.flatMap(_.plan).get, state.activeWorkers.flatMap(_.plan))
    offers.foldLeft[Either[PlanError, Vector[NodePlan]]](Right(Vector.empty)) {
      case (soFar, (member, offer)) =>
        for {
          plans <- soFar
          plan <- planner(state).planNode(running, head, offer, member.incarnation)
        } yield plans :+ plan
    }
  }

  private def planner(state: ClusterState): Planner = Planner(state.spec, state.id, state.local)

  /** Workers that start before GCS lists the head's node lose seconds in Ray's own retries. */
  def launchDue(state: ClusterState): Step = {
    val due = for {
      member <- state.members.values.toVector
      plan <- member.plan
      planned = member.stage match { case _: Stage.Planned => true; case _ => false }
      if planned && (member.role == NodeRole.Head || state.head.exists(_.alive))
    } yield (member, plan)
    due.foldLeft((state, Vector.empty[ClusterAction])) { case ((s, actions), (member, plan)) =>
      val launch =
        Tell(member.executorId, DriverMessage.Launch(member.incarnation, plan, state.workers + 1))
      (s.put(member.copy(stage = Stage.Launched)), actions :+ launch)
    }
  }

  private def all(state: ClusterState, members: Vector[Member])(
      one: (ClusterState, Member) => Step
  ): Step =
    members.foldLeft((state, Vector.empty[ClusterAction])) { case ((s, actions), member) =>
      val (next, more) = one(s, member)
      (next, actions ++ more)
    }
}
