package org.rayonspark

import org.rayonspark.data.{Staging, StagingPlace, StagingRoom}
import org.rayonspark.rendezvous.{KeeperAnswer, KeeperQuestion, Rendezvous, RouteAddress, Transport}
import org.rayonspark.watch.ClusterState

import java.io.IOException
import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.{ExecutionContext, Future}

/**
 * A cluster as the exchange of data sees it.
 *
 * @param sparkHosts
 *   hosts of Spark's executors by id, the driver's included
 * @param alive
 *   whether Spark runs tasks on an executor
 */
private[rayonspark] final class ClusterStaging(
    state: () => ClusterState,
    rendezvous: Rendezvous,
    override val transport: Transport,
    sparkHosts: () => Map[String, String],
    alive: String => Boolean
) extends Staging {
  private val closers = ConcurrentHashMap.newKeySet[() => Unit]()

  override val room: StagingRoom = new StagingRoom(() => places)

  override def clusterId: String = state().id

  override def places: Vector[StagingPlace] = {
    val hosts = sparkHosts()
    for {
      // What Ray is asked to do at a node that drains, it does nowhere.
      member <- state().members.values.toVector.filter(_.alive)
      rayNodeId <- member.rayNodeId
      plan <- member.plan
    } yield StagingPlace(
      member.executorId,
      member.host,
      hosts.getOrElse(member.executorId, member.host),
      rayNodeId,
      plan.stagingDirectory,
      plan.stagingMemory
    )
  }

  override def hostOf(executorId: String): Option[String] = sparkHosts().get(executorId)

  override def isAlive(executorId: String): Boolean = alive(executorId)

  override def discard(executorId: String, paths: Vector[String]): Future[Unit] =
    rendezvous
      .ask(executorId, KeeperQuestion.Discard(paths))
      .map(_ => ())(ExecutionContext.parasitic)

  override def route(executorId: String): Future[RouteAddress] =
    rendezvous
      .ask(executorId, KeeperQuestion.OpenRoute)
      .flatMap {
        case KeeperAnswer.Route(address) => Future.successful(address)
        case KeeperAnswer.Refused(why) => Future.failed(new IOException(why))
        case KeeperAnswer.Done =>
          Future.failed(new IllegalStateException("a route is not just done"))
      }(ExecutionContext.parasitic)

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
