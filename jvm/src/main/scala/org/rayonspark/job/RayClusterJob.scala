package org.rayonspark.job

import org.apache.spark.{SparkContext, TaskContext}
import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.RDD
import org.apache.spark.resource.{ResourceProfile, ResourceProfileBuilder, TaskResourceRequests}
import org.rayonspark.conf.Scheduling
import org.rayonspark.threads.Daemon

import java.util.concurrent.atomic.AtomicInteger

/**
 * The Spark jobs that bring Ray nodes to executors, each on a thread of its own.
 *
 * @param onEnd
 *   told of each job's end: the executor whose slots it held, if it was to hold some, and its error
 */
final class RayClusterJob(
    sc: SparkContext,
    clusterId: String,
    scheduling: Scheduling,
    onEnd: (Option[String], Option[Throwable]) => Unit
) {
  private val group = s"rayonspark-$clusterId"
  private val running = new AtomicInteger

  /**
   * Brings a node to each of `nodes` executors. A task that asks for all cores of an executor has
   * it to itself, so no two of them meet.
   */
  def place(nodes: Int, coresPerExecutor: Int, gpusPerExecutor: Int): Unit = run(None) {
    val rdd = sc.parallelize(0 until nodes, nodes)
    withBarrier(rdd.withResources(tasksOf(coresPerExecutor, gpusPerExecutor)))
  }

  /**
   * Brings a node to each executor that these tasks reach. All of them wait for the first nodes, so
   * they fill one executor after the other, and Spark adds executors for those that find no slot.
   */
  def gather(tasks: Int): Unit = run(None)(sc.parallelize(0 until tasks, tasks))

  /**
   * Brings tasks to these executors where they have a free slot, and the GPUs that the node will
   * have: a preference, not a command.
   */
  def visit(executors: Vector[SparkDriver.Executor], gpusPerExecutor: Int): Unit = run(None) {
    val rdd = sc.makeRDD(executors.map(e => (0, Seq(SparkDriver.location(e)))))
    if (gpusPerExecutor == 0) rdd else rdd.withResources(tasksOf(1, gpusPerExecutor))
  }

  /** Holds slots of that executor until its node is gone. */
  def reserve(executor: SparkDriver.Executor, slots: Int): Unit = run(Some(executor.id)) {
    sc.makeRDD(Vector.fill(slots)((0, Seq(SparkDriver.location(executor)))))
  }

  /** Ends the tasks that still wait. Nodes whose task has returned are the keepers' to end. */
  def cancel(): Unit = if (running.get > 0 && !sc.isStopped) sc.cancelJobGroup(group)

  private def run(holding: Option[String])(rdd: => RDD[Int]): Unit = {
    running.incrementAndGet()
    val thread = Daemon(holding.fold(s"$group-place")(id => s"$group-reserve-$id")) {
      val error = runJob(holding, rdd)
      running.decrementAndGet()
      onEnd(holding, error)
    }
    // Where our jar was attached to a live session, only our own loader knows our classes.
    thread.setContextClassLoader(getClass.getClassLoader)
    thread.start()
  }

  private def runJob(holding: Option[String], rdd: => RDD[Int]): Option[Throwable] =
    try {
      SparkDriver.clearCallersProperties(sc)
      val title = holding.fold("Placing Ray nodes")(id => s"Slots of the Ray node on executor $id")
      sc.setJobGroup(group, title, false)
      val task = NodeTask(clusterId, holding)
      rdd.mapPartitions(RayClusterJob.body(task)).count()
      None
    } catch {
      // Whatever ends the job ends this thread's work, and is told to the one who waits for it.
      case e: Exception => Some(e)
    }

  private def tasksOf(cores: Int, gpus: Int): ResourceProfile = {
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
