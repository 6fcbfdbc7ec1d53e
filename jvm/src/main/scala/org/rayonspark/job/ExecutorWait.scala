package org.rayonspark.job

import org.apache.spark.SparkContext
import org.apache.spark.rayonspark.{KubernetesDriver, SparkDriver}
import org.apache.spark.scheduler.{SparkListener, SparkListenerExecutorAdded}
import org.rayonspark.{PlacementException, RayClusterSpec, StartTimeoutException}
import org.rayonspark.conf.Keys
import org.rayonspark.pods.PodMonitor

import scala.concurrent.duration._

/**
 * Waits for the pods of an application's executors after its SparkContext has started. With dynamic
 * allocation, Spark adds executors when they are needed, and there is nothing to wait for.
 */
final class ExecutorWait(sc: SparkContext) {
  private val expected = SlotCheck.expected(sc.master, sc.getConf.getOption)
  private val dynamic = sc.getConf.getBoolean("spark.dynamicAllocation.enabled", false)
  private val wanted = if (dynamic) 0 else expected.max.getOrElse(0)
  private val limit = RayClusterSpec.defaults.over(sc.getConf.getAll.toMap)(Keys.startTimeout)
  private val deadline = limit.fromNow
  // Guarded by `this`.
  private var problem: Option[String] = None

  private val listener = new SparkListener {
    override def onExecutorAdded(added: SparkListenerExecutorAdded): Unit = wake()
  }
  SparkDriver.addListener(sc, listener, "rayonspark-executors")
  private val monitor = new PodMonitor(KubernetesDriver.pods(sc), () => missing, wanted, fail)

  def progress(): String = s"${wanted - missing} of $wanted Spark executors have registered"

  /**
   * Waits until all executors have registered. Returns false if the time limit ends first: call it
   * again until it returns true or throws.
   *
   * @throws org.rayonspark.RayOnSparkException
   *   if the executors cannot start, or not all start in time
   */
  def arrived(timeoutMs: Long): Boolean = {
    val end = timeoutMs.millis.fromNow
    synchronized {
      while (missing > 0 && problem.isEmpty && end.hasTimeLeft())
        wait(end.timeLeft.toMillis.max(1))
    }
    val failed = problem.map(why => new PlacementException(s"${progress()}. $why"))
    val late = Option.when(deadline.isOverdue())(
      new StartTimeoutException(
        s"${progress()} after ${limit.toSeconds} s. Look at their pods, or raise start_timeout."
      )
    )
    if (missing == 0) close()
    failed.orElse(late).filter(_ => missing > 0).foreach { error =>
      close()
      throw error
    }
    missing == 0
  }

  private def missing: Int = (wanted - SparkDriver.executors(sc).size).max(0)

  private def fail(why: String): Unit = synchronized {
    problem = Some(why)
    notifyAll()
  }

  private def wake(): Unit = synchronized(notifyAll())

  private def close(): Unit = {
    monitor.close()
    SparkDriver.removeListener(sc, listener)
  }
}
