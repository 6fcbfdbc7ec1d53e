package org.rayonspark.job

import org.apache.spark.{FutureAction, SparkContext, TaskContext}
import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.RDD
import org.apache.spark.resource.{ResourceProfileBuilder, TaskResourceRequests}
import org.rayonspark.conf.Scheduling
import org.rayonspark.threads.Daemon

import java.util.concurrent.atomic.AtomicInteger
import scala.concurrent.Await
import scala.concurrent.duration.Duration

/**
 * Runs the Spark jobs that place Ray nodes on executors and reserve their slots, each job on its
 * own thread.
 *
 * @param onEnd
 *   called when a job has ended, with the executor whose slots it reserved, if any, and its error
 * @param beforeSubmission
 *   called on a job's thread before the job is submitted to Spark
 */
final class RayClusterJob(
    sc: SparkContext,
    clusterId: String,
    scheduling: Scheduling,
    onEnd: (Option[String], Option[Throwable]) => Unit,
    beforeSubmission: () => Unit
) {
  // Guarded by `this`, so that no job is submitted after the cancel.
  private var cancelled = false
  private val group = RayClusterJob.group(clusterId)
  private val running = new AtomicInteger

  /** As [[placeOn]], with the scheduling that the user has chosen. */
  def place(locations: Vector[String], gpusPerExecutor: Int): Unit =
    run(NodeTask.Place(clusterId))(withBarrier(tasksOn(locations, gpusPerExecutor)))

  /**
   * Places a node on each executor that runs one of these tasks. All tasks wait for the first
   * nodes, so they fill one executor after another, and Spark adds executors for the tasks without
   * a slot.
   */
  def placeDynamically(tasks: Int): Unit =
    run(NodeTask.Fill(clusterId))(sc.parallelize(0 until tasks, tasks))

  /**
   * Places a node on the executor at each of these locations, with one slot of each and its GPUs.
   * Spark treats a location as a preference: while that executor has no slot, another may run the
   * task.
   *
   * @param keep
   *   whether the slot is kept until the node is ready, so that Spark does not find the executor
   *   idle
   */
  def placeOn(locations: Vector[String], gpusPerExecutor: Int, keep: Boolean): Unit = {
    val task = if (keep) NodeTask.Fill(clusterId) else NodeTask.Place(clusterId)
    run(task)(tasksOn(locations, gpusPerExecutor))
  }

  /** Reserves slots of the executor at this location until its node is gone. */
  def reserve(executorId: String, location: String, slots: Int): Unit =
    run(NodeTask.Reserve(clusterId, executorId)) {
      sc.makeRDD(Vector.fill(slots)((0, Seq(location))))
    }

  /**
   * Cancels the tasks that still wait, and refuses jobs that are not submitted yet. The agents end
   * the nodes whose task has returned.
   */
  def cancel(): Unit = {
    // Only Spark 4.0 and later can also cancel future jobs of a group.
    synchronized { cancelled = true }
    if (running.get > 0 && !sc.isStopped) sc.cancelJobGroup(group)
  }

  private def submit(rdd: RDD[Int]): FutureAction[Long] = synchronized {
    if (cancelled)
      throw new IllegalStateException(
        s"The Spark job of Ray cluster $clusterId was cancelled before it was submitted."
      )
    rdd.countAsync()
  }

  private def run(task: NodeTask)(rdd: => RDD[Int]): Unit = {
    running.incrementAndGet()
    val reserving = task match {
      case NodeTask.Reserve(_, id) => Some(id)
      case _ => None
    }
    val thread = Daemon(reserving.fold(s"$group-place")(id => s"$group-reserve-$id")) {
      val title =
        reserving.fold("Placing Ray nodes")(id => s"Slots for the Ray node on executor $id")
      val error = runJob(task, title, rdd)
      running.decrementAndGet()
      onEnd(reserving, error)
    }
    // If the jar was attached to a live session, only the jar's own loader knows these classes.
    thread.setContextClassLoader(getClass.getClassLoader)
    try thread.start()
    catch {
      case e: Throwable =>
        running.decrementAndGet()
        onEnd(reserving, Some(e))
    }
  }

  private def runJob(task: NodeTask, title: String, rdd: => RDD[Int]): Option[Throwable] =
    try {
      SparkDriver.clearCallersProperties(sc)
      sc.setJobGroup(group, title, false)
      beforeSubmission()
      // No time limit here: the cluster's deadlines end the job.
      Await.result(submit(rdd.mapPartitions(RayClusterJob.body(task))), Duration.Inf)
      None
    } catch {
      // Any error, fatal ones included, ends this thread's work and must reach `onEnd`.
      case e: Throwable => Some(e)
    }

  private def tasksOn(locations: Vector[String], gpus: Int): RDD[Int] = {
    val rdd = sc.makeRDD(locations.map(location => (0, Seq(location))))
    if (gpus == 0) rdd
    else {
      val requests = new TaskResourceRequests().cpus(1).resource("gpu", gpus)
      rdd.withResources(new ResourceProfileBuilder().require(requests).build())
    }
  }

  private def withBarrier(rdd: RDD[Int]): RDD[Int] = scheduling match {
    case Scheduling.Barrier => rdd.barrier().mapPartitions(identity(_))
    case Scheduling.Plain => rdd
  }
}

object RayClusterJob {

  /** Spark's job group of a cluster's jobs. */
  def group(clusterId: String): String = s"rayonspark-$clusterId"

  /** Returns a closure that captures only the task. */
  private def body(task: NodeTask): Iterator[Int] => Iterator[Int] = { items =>
    task.run(TaskContext.get())
    items
  }
}
