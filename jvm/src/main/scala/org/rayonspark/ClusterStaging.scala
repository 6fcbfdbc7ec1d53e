package org.rayonspark

import org.rayonspark.data.{Staging, StagingLocation, StagingPool}
import org.rayonspark.plan.NodePlan
import org.rayonspark.rpc.{AgentRequest, AgentResponse, DriverEndpoint, StagingAddress, Transport}
import org.rayonspark.threads.Steps
import org.rayonspark.supervision.{ClusterNode, ClusterState}

import java.io.IOException
import java.util.concurrent.ConcurrentHashMap
import scala.collection.immutable.ListMap
import scala.concurrent.{ExecutionContext, Future}
import scala.collection.JavaConverters._

/**
 * The view of one cluster that the data exchange uses, in the driver. All methods may be called
 * from any thread.
 *
 * @param sparkHosts
 *   returns the hosts of Spark's executors by executor id, including the driver
 * @param alive
 *   whether Spark runs tasks on an executor
 */
private[rayonspark] final class ClusterStaging(
    state: () => ClusterState,
    agents: DriverEndpoint,
    override val transport: Transport,
    sparkHosts: () => Map[String, String],
    alive: String => Boolean
) extends Staging {
  // Caches the hosts that Spark has returned. An executor's host never changes, and every query
  // scans Spark's status store.
  private val knownHosts = new ConcurrentHashMap[String, String]
  @volatile private var known = ClusterStaging.Limits(ListMap.empty, Map.empty)

  private val closers = ConcurrentHashMap.newKeySet[() => Unit]()

  override val pool: StagingPool = new StagingPool(() => limits)

  override def clusterId: String = state().id

  override def locations: Vector[StagingLocation] =
    for ((node, plan) <- ClusterStaging.staged(state().nodes); id <- node.rayNodeId)
      yield StagingLocation(
        node.executorId,
        node.host,
        hostOf(node.executorId).getOrElse(node.host),
        id,
        plan.stagingDirectory,
        plan.stagingMemory
      )

  override def hostOf(executorId: String): Option[String] =
    Option(knownHosts.get(executorId)).orElse {
      for ((id, host) <- sparkHosts()) knownHosts.put(id, host)
      Option(knownHosts.get(executorId))
    }

  /** Returns the staging limits by executor id. Computes them only when the nodes have changed. */
  private def limits: Map[String, Long] = {
    val nodes = state().nodes
    val last = known
    if (last.nodes eq nodes) last.limits
    else {
      val limits =
        ClusterStaging.staged(nodes).map { case (n, plan) => n.executorId -> plan.stagingMemory }
      val current = ClusterStaging.Limits(nodes, limits.toMap)
      known = current
      current.limits
    }
  }

  override def isAlive(executorId: String): Boolean = alive(executorId)

  override def discard(executorId: String, paths: Vector[String]): Future[Unit] =
    agents
      .ask(executorId, AgentRequest.Discard(paths))
      .map(_ => ())(ExecutionContext.parasitic)

  override def stagingAddress(executorId: String): Future[StagingAddress] =
    agents
      .ask(executorId, AgentRequest.OpenStagingServer)
      .flatMap {
        case AgentResponse.Address(address) => Future.successful(address)
        case AgentResponse.Refused(why) => Future.failed(new IOException(why))
        case AgentResponse.Done =>
          Future.failed(
            new IllegalStateException("the agent answered Done to a request for an address")
          )
      }(ExecutionContext.parasitic)

  override def require(): Unit = {
    val now = state()
    if (!now.running)
      throw new ClusterStoppedException(
        s"Ray cluster ${now.id} is ${now.phase.toString.toLowerCase}, and data moves only while " +
          "it is running. Start a new one.",
        now.failure.orNull
      )
  }

  override def whenEnding(close: () => Unit): AutoCloseable = {
    closers.add(close)
    // The cluster may have begun to end before `close` was added.
    if (state().ending) end()
    () => { closers.remove(close); () }
  }

  /** Calls, once each, the callbacks that [[whenEnding]] has registered. */
  def end(): Unit = {
    val due = closers.asScala.toVector.filter(closers.remove(_))
    Steps.all(s"Stopping the data exchange of Ray cluster $clusterId")(
      due.map("calling a callback" -> _): _*
    )
  }
}

private object ClusterStaging {

  /** Bytes that may be staged on each executor of these nodes. */
  final case class Limits(nodes: ListMap[String, ClusterNode], limits: Map[String, Long])

  /**
   * Returns the nodes whose staging is in use. Draining nodes are left out, because Ray runs no
   * tasks on them.
   */
  private def staged(nodes: ListMap[String, ClusterNode]): Vector[(ClusterNode, NodePlan)] =
    for (node <- nodes.values.toVector if node.alive; plan <- node.plan)
      yield node -> plan
}
