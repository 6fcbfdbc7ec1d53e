package org.rayonspark.job

import org.apache.spark.{TaskContext, TaskKilledException}
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc, SparkShutdown}
import org.rayonspark.node.{ExecutorFacts, GuardedProcess, NodeKeeper}
import org.rayonspark.rendezvous.Rendezvous
import org.rayonspark.route.RouteServer

import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.duration._

/**
 * What runs on an executor to bring a Ray node there: it makes sure that the executor has a keeper
 * for the cluster, and waits. The same body serves barrier and plain stages.
 *
 * @param holding
 *   the executor whose slot the task holds for the life of its node; None only brings nodes
 */
final case class NodeTask(clusterId: String, holding: Option[String]) {

  /** Returns when the node is ready, or has been refused; a holding one, when it is gone. */
  def run(context: TaskContext): Unit = holding match {
    case None =>
      val keeper = NodeTask.keeper(clusterId, SparkExecutor.facts(context))
      await(context)(keeper.awaitReady(NodeTask.cancelPoll))
    case Some(executorId) =>
      val here = SparkExecutor.facts(context).executorId
      if (here != executorId)
        throw new IllegalStateException(
          s"Executor $executorId had no free slot for its Ray node, and executor $here has."
        )
      NodeTask.running(clusterId).foreach { keeper =>
        await(context)(keeper.awaitClosed(NodeTask.cancelPoll))
      }
  }

  private def await(context: TaskContext)(done: => Boolean): Unit =
    while (!done)
      if (context.isInterrupted()) throw new TaskKilledException("the job was cancelled")
}

object NodeTask {

  /** Spark tells a task of its cancellation by a flag only: the task has to look at it. */
  private val cancelPoll = 200.milliseconds

  private val keepers = new ConcurrentHashMap[String, NodeKeeper]

  private def running(clusterId: String): Option[NodeKeeper] = Option(keepers.get(clusterId))

  private def keeper(clusterId: String, facts: => ExecutorFacts): NodeKeeper =
    keepers.computeIfAbsent(
      clusterId,
      _ =>
        new NodeKeeper(
          Rendezvous.mailboxName(clusterId),
          facts,
          SparkRpc.ofThisApplication(),
          GuardedProcess,
          RouteServer,
          SparkShutdown,
          () => { keepers.remove(clusterId); () }
        )
    )
}
