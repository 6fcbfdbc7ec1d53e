package org.rayonspark.job

import org.apache.spark.{TaskContext, TaskKilledException}
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc}
import org.rayonspark.node.{GuardedProcess, NodeKeeper}
import org.rayonspark.rendezvous.Rendezvous

import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.duration._

/**
 * What runs on an executor to bring a Ray node there: it makes sure that the executor has a keeper
 * for the cluster, and waits. The same body serves barrier and plain stages.
 *
 * @param hold
 *   whether the task stays, and so holds its slot, until the node is gone
 */
final case class NodeTask(clusterId: String, hold: Boolean) {

  /** Returns when the node is ready, or has been refused; with `hold`, when it is gone. */
  def run(context: TaskContext): Unit = {
    val keeper = NodeTask.keeper(clusterId, context)
    def done: Boolean =
      if (hold) keeper.awaitClosed(NodeTask.cancelPoll) else keeper.awaitReady(NodeTask.cancelPoll)
    while (!done)
      if (context.isInterrupted()) throw new TaskKilledException("the job was cancelled")
  }
}

object NodeTask {

  /** Spark tells a task of its cancellation by a flag only: the task has to look at it. */
  private val cancelPoll = 200.milliseconds

  private val keepers = new ConcurrentHashMap[String, NodeKeeper]

  private def keeper(clusterId: String, context: TaskContext): NodeKeeper =
    keepers.computeIfAbsent(
      clusterId,
      _ =>
        new NodeKeeper(
          Rendezvous.mailboxName(clusterId),
          SparkExecutor.facts(context),
          SparkRpc.ofThisApplication(),
          GuardedProcess,
          () => { keepers.remove(clusterId); () }
        )
    )
}
