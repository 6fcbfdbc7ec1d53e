package org.rayonspark.job

import org.apache.spark.{TaskContext, TaskKilledException}
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc, SparkShutdown}
import org.rayonspark.node.{ExecutorInfo, GuardedProcess, NodeAgent}
import org.rayonspark.rpc.DriverEndpoint
import org.rayonspark.remote.StagingServer

import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.duration._

/**
 * A Spark task about the Ray node on its executor. Barrier and plain stages run the same body.
 */
sealed trait NodeTask extends Product with Serializable {

  /** Runs in a task; throws if the task is interrupted or cannot do its work. */
  def run(context: TaskContext): Unit
}

object NodeTask {

  /** Makes sure that its executor has a node agent for the cluster. */
  final case class Place(clusterId: String) extends NodeTask {
    def run(context: TaskContext): Unit = {
      agent(clusterId, SparkExecutor.info(context))
      ()
    }
  }

  /** As [[Place]], and keeps its slot until the node is ready or its agent has closed. */
  final case class Fill(clusterId: String) extends NodeTask {
    def run(context: TaskContext): Unit = {
      val started = agent(clusterId, SparkExecutor.info(context))
      await(context)(started.awaitReady(cancelPoll))
    }
  }

  /** Keeps a slot of this executor until its node's agent has closed. */
  final case class Reserve(clusterId: String, executorId: String) extends NodeTask {
    def run(context: TaskContext): Unit = {
      val here = SparkExecutor.info(context).executorId
      if (here != executorId)
        throw new IllegalStateException(
          s"Executor $executorId had no free slot for its Ray node. The task ran on executor $here."
        )
      running(clusterId).foreach(running => await(context)(running.awaitClosed(cancelPoll)))
    }
  }

  private def await(context: TaskContext)(done: => Boolean): Unit =
    while (!done)
      if (context.isInterrupted()) throw new TaskKilledException("the job was cancelled")

  /** Spark only sets a flag to cancel a task, so the task has to poll it. */
  private val cancelPoll = 200.milliseconds

  private val agents = new ConcurrentHashMap[String, NodeAgent]

  private def running(clusterId: String): Option[NodeAgent] = Option(agents.get(clusterId))

  private def agent(clusterId: String, executor: => ExecutorInfo): NodeAgent =
    agents.computeIfAbsent(
      clusterId,
      _ =>
        new NodeAgent(
          DriverEndpoint.endpointName(clusterId),
          executor,
          SparkRpc.ofThisApplication(),
          GuardedProcess,
          StagingServer,
          SparkShutdown,
          () => { agents.remove(clusterId); () }
        )
    )
}
