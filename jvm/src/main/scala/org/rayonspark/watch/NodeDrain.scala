package org.rayonspark.watch

import org.rayonspark.conf.{Durations, Keys}
import org.rayonspark.rendezvous.DriverMessage
import org.rayonspark.watch.ClusterAction._
import org.rayonspark.watch.Step.{quiet, Step}

import scala.concurrent.duration._

/**
 * The part of the supervisor that lets a node go in good order, before its executor does: it gets
 * no more work, and what runs there may finish.
 */
private[rayonspark] object NodeDrain {

  /** Executors of nodes that would drain. */
  def drainable(state: ClusterState): Vector[String] =
    if (!state.running || state.spec(Keys.drainTimeout) == Duration.Zero) Vector.empty
    else state.activeWorkers.filter(_.alive).map(_.executorId)

  /** How long an executor that leaves shall wait for its node; zero where nothing drains. */
  def limit(state: ClusterState, executorId: String): FiniteDuration = {
    val drains = state.running && state.members.get(executorId).exists(_.draining)
    if (drains || drainable(state).contains(executorId)) state.spec(Keys.drainTimeout)
    else Duration.Zero
  }

  /** The executor leaves soon: its node drains, and another executor may have one at once. */
  def leaving(state: ClusterState, executorId: String, why: String): Step =
    state.members.get(executorId).map(m => (m, m.stage)) match {
      case Some((member, Stage.Alive(rayId))) if drainable(state).contains(executorId) =>
        val limit = state.spec(Keys.drainTimeout)
        val next = state.stage(member, Stage.Draining(rayId, listed = true))
        val (filled, more) = Gathering.fillUp(next)
        val news =
          s"${called(member)} drains for up to ${Durations.format(limit).stripSuffix("s")} s: Spark " +
            s"executor $executorId is leaving ($why)."
        (filled, Vector(Info(news), Tell(executorId, DriverMessage.Drain(limit))) ++ more)
      case _ => quiet(state)
    }

  /**
   * GCS lists a node that drains as dead. Its keeper says so too, and when nothing of it is left;
   * but an executor that Spark has removed cannot say anything any more.
   */
  def unlisted(state: ClusterState, member: Member, rayId: String): Step =
    if (state.executors.contains(member.executorId))
      quiet(state.stage(member, Stage.Draining(rayId, listed = false)))
    else ended(state, member)

  /**
   * Spark has removed the executor, whose JVM waits for the node all the same, unless it was
   * killed: YARN's kill begins with the same signal. Where the reason is memory, that is said.
   */
  def executorLost(state: ClusterState, member: Member, reason: String): Step = {
    val (next, actions) = member.stage match {
      case Stage.Draining(_, false) => ended(state, member)
      case _ => quiet(state)
    }
    val (known, news) =
      if (NodeFailure.isMemory(reason)) NodeLoss.told(next, member.executorId, reason)
      else quiet(next)
    (known, news ++ actions)
  }

  def ended(state: ClusterState, member: Member): Step = {
    val (next, actions) = Gathering.fillUp(state.stage(member, Stage.Drained))
    (next, Info(s"${called(member)} has drained and ended.") +: actions)
  }

  /** Draining nodes that no order reaches: their JVMs end with what they wait for. */
  def letGo(state: ClusterState): ClusterState =
    state.members.values
      .filter(m => m.draining && !state.executors.contains(m.executorId))
      .foldLeft(state)((s, m) => s.stage(m, Stage.Drained))

  private def called(member: Member): String = s"Ray node ${member.index} on host ${member.host}"
}
