package org.rayonspark.watch

import org.rayonspark.node.ContainerUse
import org.rayonspark.watch.ClusterAction.{After, Warn}
import org.rayonspark.watch.ClusterEvent.UseDue
import org.rayonspark.watch.Step.{quiet, Step}

import scala.concurrent.duration._

/**
 * The part of the supervisor that says which node was lost with its executor. To YARN a container
 * has ended as soon as it was told to: Spark may say so before the container says what it held.
 */
private[watch] object NodeLoss {

  /** A container that is told to end says in tens of milliseconds what it holds, or never. */
  private val patience = 1.second

  /** Spark has lost the executor, for that reason. */
  def told(state: ClusterState, executorId: String, reason: String): Step = {
    val member = state.members(executorId).copy(untold = Some(reason))
    if (NodeFailure.isYarnsLimit(reason) && member.lastUse.isEmpty)
      (state.put(member), Vector(After(patience, UseDue(executorId))))
    else tell(state, member)
  }

  /** The container says what its node held. */
  def ending(state: ClusterState, executorId: String, use: ContainerUse): Step =
    state.members
      .get(executorId)
      .fold(quiet(state))(member => tell(state, member.copy(lastUse = Some(use))))

  /** The container has had its time. */
  def due(state: ClusterState, executorId: String): Step =
    state.members.get(executorId).fold(quiet(state))(tell(state, _))

  /** The cluster has ended, and nobody is waited for any more. */
  def rest(state: ClusterState): Vector[ClusterAction] =
    state.members.values.flatMap(news).toVector

  private def tell(state: ClusterState, member: Member): Step =
    (state.put(member.copy(untold = None)), news(member).toVector)

  private def news(member: Member): Option[ClusterAction] =
    member.untold.map(reason => Warn(NodeFailure.goneWithExecutor(member, reason)))
}
