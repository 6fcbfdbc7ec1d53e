package org.apache.spark.rayonspark

import org.apache.spark.{JobExecutionStatus, SparkContext, TaskContext}
import org.apache.spark.rdd.RDD
import org.apache.spark.scheduler.{SparkListenerInterface, TaskSchedulerImpl}

import java.util.Collections
import scala.concurrent.duration._

/**
 * Reads from Spark's private API, on the driver, what the public API does not expose about the
 * application.
 */
object SparkDriver {

  /** An executor as the scheduler sees it. `cores` is the number of its task slots. */
  final case class Executor(id: String, host: String, cores: Int)

  /** Returns the cores of a `local[…]` master; None if the executors are separate processes. */
  def localCores(sc: SparkContext): Option[Int] =
    if (sc.isLocal) Some(SparkContext.numDriverCores(sc.master)) else None

  /** Returns the executors that are registered now. Listeners receive later changes. */
  def executors(sc: SparkContext): Vector[Executor] =
    sc.statusStore
      .executorList(true)
      .toVector
      .filter(_.id != SparkContext.DRIVER_IDENTIFIER)
      .map(e => Executor(e.id, hostOf(e.hostPort), e.totalCores))

  /** Returns how long ago the newest executor registered; None if there is none. */
  def sinceLastExecutor(sc: SparkContext): Option[FiniteDuration] =
    sc.statusStore
      .executorList(true)
      .filter(_.id != SparkContext.DRIVER_IDENTIFIER)
      .map(executor => (System.currentTimeMillis() - executor.addTime.getTime).millis)
      .reduceOption(_ min _)

  /** Describes each running job that is not in this group, and how many tasks it runs. */
  def otherJobs(sc: SparkContext, group: String): Vector[String] =
    sc.statusStore
      .jobsList(Collections.singletonList(JobExecutionStatus.RUNNING))
      .toVector
      .filter(job => !job.jobGroup.contains(group) && job.numActiveTasks > 0)
      .sortBy(_.jobId)
      .map(job => s"job ${job.jobId} (${job.name}) runs ${job.numActiveTasks} tasks")

  /** Removes the port, which Spark lists only after the executor's block manager has registered. */
  private[spark] def hostOf(hostPort: String): String = hostPort.replaceFirst(":\\d+$", "")

  /** Returns the hosts of the executors that are registered now, and of the driver, by id. */
  def hosts(sc: SparkContext): Map[String, String] =
    executors(sc).map(e => e.id -> e.host).toMap +
      (SparkContext.DRIVER_IDENTIFIER -> sc.env.blockManager.blockManagerId.host)

  /** Whether the scheduler still assigns tasks to that executor. */
  def isAlive(sc: SparkContext, executorId: String): Boolean = sc.taskScheduler match {
    case scheduler: TaskSchedulerImpl => scheduler.isExecutorAlive(executorId)
    case _ => true
  }

  /** Whether Spark has started to decommission that executor. No listener event reports this. */
  def isDecommissioned(sc: SparkContext, executorId: String): Boolean = sc.taskScheduler match {
    case scheduler: TaskSchedulerImpl =>
      scheduler.getExecutorDecommissionState(executorId).isDefined
    case _ => false
  }

  /**
   * Adds a listener with its own queue: it may block at the application's end without delaying
   * Spark's other listeners.
   */
  def addListener(sc: SparkContext, listener: SparkListenerInterface, queue: String): Unit =
    sc.listenerBus.addToQueue(listener, queue)

  def removeListener(sc: SparkContext, listener: SparkListenerInterface): Unit =
    sc.listenerBus.removeListener(listener)

  /**
   * Removes the job properties that this thread inherited from the caller: group, tags,
   * description, pool.
   */
  def clearCallersProperties(sc: SparkContext): Unit = {
    sc.clearJobGroup()
    sc.clearJobTags()
    sc.setLocalProperty(SparkContext.SPARK_SCHEDULER_POOL, null)
    sc.setLocalProperty("spark.sql.execution.id", null)
  }

  /** Runs a task on each of these partitions, with this thread's class loader. */
  def runOn[T](
      sc: SparkContext,
      rdd: RDD[T],
      task: (TaskContext, Iterator[T]) => Unit,
      partitions: Seq[Int]
  ): Unit = {
    sc.runJob(rdd, task, partitions)
    ()
  }

  /** Returns the preferred location that names an executor, in the format of Spark's scheduler. */
  def location(executorId: String, host: String): String = s"executor_${host}_$executorId"
}
