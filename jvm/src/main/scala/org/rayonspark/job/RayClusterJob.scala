package org.rayonspark.job

import org.apache.spark.{SparkContext, TaskContext}
import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.RDD
import org.apache.spark.resource.{ResourceProfile, ResourceProfileBuilder, TaskResourceRequests}
import org.rayonspark.conf.Scheduling

import java.util.concurrent.atomic.AtomicInteger

/**
 * The Spark jobs that bring Ray nodes to executors, each on a thread of its own.
 *
 * @param onEnd
 *   told of each job's end: whether it was one that holds slots, and its error
 */
final class RayClusterJob(
    sc: SparkContext,
    clusterId: String,
    scheduling: Scheduling,
    onEnd: (Boolean, Option[Throwable]) => Unit
) {
  private val group = s"rayonspark-$clusterId"
  private val running = new AtomicInteger

  /**
   * Brings a node to each of `nodes` executors. A task that asks for all cores of an executor has
   * it to itself, so no two of them meet.
   */
  def place(nodes: Int, coresPerExecutor: Int, gpusPerExecutor: Int): Unit = run(hold = false) {
    val rdd = sc.parallelize(0 until nodes, nodes)
    withBarrier(rdd.withResources(wholeExecutor(coresPerExecutor, gpusPerExecutor)))
  }

  /**
   * Brings tasks to these executors, wherever they have a free slot; a preference, not a command.
   */
  def visit(executors: Vector[SparkDriver.Executor], hold: Boolean): Unit = run(hold) {
    sc.makeRDD(executors.map(e => (e.id, Seq(SparkDriver.location(e))))).map(_ => 0)
  }

  /** Ends the tasks that still wait. Nodes whose task has returned are the keepers' to end. */
  def cancel(): Unit = if (running.get > 0 && !sc.isStopped) sc.cancelJobGroup(group)

  private def run(hold: Boolean)(rdd: => RDD[Int]): Unit = {
    running.incrementAndGet()
    val thread = new Thread(
      () => {
        val error = runJob(hold, rdd)
        running.decrementAndGet()
        onEnd(hold, error)
      },
      if (hold) s"$group-reserve" else s"$group-place"
    )
    thread.setDaemon(true)
    // Where our jar was attached to a live session, only our own loader knows our classes.
    thread.setContextClassLoader(getClass.getClassLoader)
    thread.start()
  }

  private def runJob(hold: Boolean, rdd: => RDD[Int]): Option[Throwable] =
    try {
      SparkDriver.clearCallersProperties(sc)
      sc.setJobGroup(group, if (hold) "Slots of Ray nodes" else "Placing Ray nodes", false)
      val task = NodeTask(clusterId, hold)
      rdd.mapPartitions(RayClusterJob.body(task)).count()
      None
    } catch {
      // Whatever ends the job ends this thread's work, and is told to the one who waits for it.
      case e: Exception => Some(e)
    }

  private def wholeExecutor(cores: Int, gpus: Int): ResourceProfile = {
    val requests = new TaskResourceRequests().cpus(cores)
    if (gpus > 0) requests.resource("gpu", gpus)
    new ResourceProfileBuilder().require(requests).build()
  }

  private def withBarrier(rdd: RDD[Int]): RDD[Int] = scheduling match {
    case Scheduling.Barrier => rdd.barrier().mapPartitions(identity(_))
    case Scheduling.Plain => rdd
  }
}

object RayClusterJob {

  /** A closure that captures the task and nothing else. */
  private def body(task: NodeTask): Iterator[Int] => Iterator[Int] = { items =>
    task.run(TaskContext.get())
    items
  }
}
