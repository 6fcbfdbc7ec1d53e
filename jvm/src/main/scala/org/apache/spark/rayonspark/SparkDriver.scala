package org.apache.spark.rayonspark

import org.apache.spark.{SparkContext, TaskContext}
import org.apache.spark.rdd.RDD
import org.apache.spark.scheduler.{SparkListenerInterface, TaskSchedulerImpl}

/** What only Spark's private API says of a running application, to its driver. */
object SparkDriver {

  /** An executor as the scheduler sees it; `cores` are its task slots. */
  final case class Executor(id: String, host: String, cores: Int)

  /** Cores of a `local[…]` master; None where executors are processes of their own. */
  def localCores(sc: SparkContext): Option[Int] =
    if (sc.isLocal) Some(SparkContext.numDriverCores(sc.master)) else None

  /** The executors that are registered now. News since then come to listeners. */
  def executors(sc: SparkContext): Vector[Executor] =
    sc.statusStore
      .executorList(true)
      .toVector
      .filter(_.id != SparkContext.DRIVER_IDENTIFIER)
      .map(e => Executor(e.id, hostOf(e.hostPort), e.totalCores))

  /** An executor has a port in Spark's list only when its block manager has registered too. */
  private[spark] def hostOf(hostPort: String): String = hostPort.replaceFirst(":\\d+$", "")

  /** The host of each executor that is registered now, and of the driver, by id. */
  def hosts(sc: SparkContext): Map[String, String] =
    executors(sc).map(e => e.id -> e.host).toMap +
      (SparkContext.DRIVER_IDENTIFIER -> sc.env.blockManager.blockManagerId.host)

  /** Whether the scheduler still gives tasks to that executor. */
  def isAlive(sc: SparkContext, executorId: String): Boolean = sc.taskScheduler match {
    case scheduler: TaskSchedulerImpl => scheduler.isExecutorAlive(executorId)
    case _ => true
  }

  /** Whether Spark has begun to take that executor out of service. It tells no listener so. */
  def isDecommissioned(sc: SparkContext, executorId: String): Boolean = sc.taskScheduler match {
    case scheduler: TaskSchedulerImpl =>
      scheduler.getExecutorDecommissionState(executorId).isDefined
    case _ => false
  }

  /**
   * Adds a listener with a queue of its own: it may take its time at the application's end without
   * holding up Spark's other listeners.
   */
  def addListener(sc: SparkContext, listener: SparkListenerInterface, queue: String): Unit =
    sc.listenerBus.addToQueue(listener, queue)

  def removeListener(sc: SparkContext, listener: SparkListenerInterface): Unit =
    sc.listenerBus.removeListener(listener)

  /**
   * Frees this thread's jobs from what it inherited of the caller: group, tags, description, pool.
   */
  def clearCallersProperties(sc: SparkContext): Unit = {
    sc.clearJobGroup()
    sc.clearJobTags()
    sc.setLocalProperty(SparkContext.SPARK_SCHEDULER_POOL, null)
    sc.setLocalProperty("spark.sql.execution.id", null)
  }

  /** Runs a task on each of these partitions, with whatever class loader this thread has. */
  def runOn[T](
      sc: SparkContext,
      rdd: RDD[T],
      task: (TaskContext, Iterator[T]) => Unit,
      partitions: Seq[Int]
  ): Unit = {
    sc.runJob(rdd, task, partitions)
    ()
  }

  /** The preferred location that names an executor, as Spark's task scheduler reads it. */
  def location(executor: Executor): String = s"executor_${executor.host}_${executor.id}"
}
