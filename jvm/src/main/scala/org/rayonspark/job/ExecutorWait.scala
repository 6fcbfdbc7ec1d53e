package org.rayonspark.job

import org.apache.spark.SparkContext
import org.apache.spark.rayonspark.{KubernetesDriver, SparkDriver}
import org.apache.spark.scheduler.{SparkListener, SparkListenerExecutorAdded}
import org.rayonspark.{PlacementException, RayClusterSpec, StartTimeoutException}
import org.rayonspark.conf.Keys
import org.rayonspark.pods.PodWatch

import scala.concurrent.duration._

/**
 * Waits for the pods of an application's executors, after the start of its SparkContext. With
 * dynamic allocation they come as they are needed, and nobody waits.
 */
final class ExecutorWait(sc: SparkContext) {
  private val expected = SlotCheck.expected(sc.master, sc.getConf.getOption)
  private val dynamic = sc.getConf.getBoolean("spark.dynamicAllocation.enabled", false)
  private val wanted = if (dynamic) 0 else expected.most.getOrElse(0)
  private val limit = RayClusterSpec.defaults.over(sc.getConf.getAll.toMap)(Keys.startTimeout)
  private val deadline = limit.fromNow
  // Guarded by `this`.
  private var trouble: Option[String] = None

  private val news = new SparkListener {
    override def onExecutorAdded(added: SparkListenerExecutorAdded): Unit = wake()
  }
  SparkDriver.addListener(sc, news, "rayonspark-executors")
  private val watch = new PodWatch(KubernetesDriver.pods(sc), () => missing, wanted, keep)

  def progress(): String = s"${wanted - missing} of $wanted Spark executors have registered"

  /**
   * Waits until all are there; false when the time was up. To be asked until it is true, or throws.
   *
   * @throws org.rayonspark.RayOnSparkException
   *   why they do not come
   */
  def arrived(timeoutMs: Long): Boolean = {
    val end = timeoutMs.millis.fromNow
    synchronized {
      while (missing > 0 && trouble.isEmpty && end.hasTimeLeft())
        wait(end.timeLeft.toMillis.max(1))
    }
    val kept = trouble.map(why => new PlacementException(s"${progress()}. $why"))
    val late = Option.when(deadline.isOverdue())(
      new StartTimeoutException(
        s"${progress()} after ${limit.toSeconds} s. Look at their pods, or raise start_timeout."
      )
    )
    if (missing == 0) close()
    kept.orElse(late).filter(_ => missing > 0).foreach { error =>
      close()
      throw error
    }
    missing == 0
  }

  private def missing: Int = (wanted - SparkDriver.executors(sc).size).max(0)

  private def keep(why: String): Unit = synchronized {
    trouble = Some(why)
    notifyAll()
  }

  private def wake(): Unit = synchronized(notifyAll())

  private def close(): Unit = {
    watch.close()
    SparkDriver.removeListener(sc, news)
  }
}
