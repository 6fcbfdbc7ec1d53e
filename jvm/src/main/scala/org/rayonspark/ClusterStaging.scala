package org.rayonspark

import org.rayonspark.data.{Staging, StagingPlace, StagingRoom}
import org.rayonspark.rendezvous.{DriverMessage, Rendezvous, Transport}
import org.rayonspark.watch.ClusterState

import java.util.concurrent.ConcurrentHashMap

/** A cluster as the exchange of data sees it. */
private[rayonspark] final class ClusterStaging(
    state: () => ClusterState,
    rendezvous: Rendezvous,
    override val transport: Transport,
    sparkHost: String => Option[String]
) extends Staging {
  private val closers = ConcurrentHashMap.newKeySet[() => Unit]()

  override val room: StagingRoom = new StagingRoom(() => places)

  override def clusterId: String = state().id

  override def places: Vector[StagingPlace] =
    for {
      member <- state().members.values.toVector
      rayNodeId <- member.rayNodeId
      plan <- member.plan
    } yield StagingPlace(
      member.executorId,
      member.host,
      sparkHost(member.executorId).getOrElse(member.host),
      rayNodeId,
      plan.stagingDirectory,
      plan.stagingMemory
    )

  override def discard(executorId: String, paths: Vector[String]): Unit =
    rendezvous.tell(executorId, DriverMessage.Discard(paths))

  override def require(): Unit = {
    val now = state()
    if (!now.running)
      throw new ClusterStoppedException(
        s"Ray cluster ${now.id} is ${now.phase.toString.toLowerCase}, and data moves only while it " +
          "runs. Start a new one.",
        now.failure.orNull
      )
  }

  override def whenEnding(close: () => Unit): AutoCloseable = {
    closers.add(close)
    // The end may have come before it was added.
    if (state().ending) end()
    () => { closers.remove(close); () }
  }

  /** The cluster ends: whoever waits for that is told, once. */
  def end(): Unit = closers.forEach(close => if (closers.remove(close)) close())
}
