package org.rayonspark.supervision

import org.rayonspark.threads.Repeated

import scala.concurrent.duration._

/**
 * Polls Spark, on its own thread, for executors that are being decommissioned.
 *
 * @param executorIds
 *   executors to check
 * @param decommissioned
 *   whether Spark has begun to decommission the executor
 */
final class DecommissionMonitor(
    clusterId: String,
    executorIds: () => Vector[String],
    decommissioned: String => Boolean,
    post: ClusterEvent => Unit
) extends AutoCloseable {
  private val polling =
    new Repeated(s"rayonspark-$clusterId-decommissions", DecommissionMonitor.period)(poll())

  private def poll(): Unit =
    executorIds().filter(decommissioned).foreach { id =>
      post(ClusterEvent.ExecutorLeaving(id, "Spark is decommissioning it"))
    }

  override def close(): Unit = polling.close()
}

private object DecommissionMonitor {

  /**
   * Polling is needed because Spark notifies no listener of a decommission. An executor without
   * tasks and without blocks to move exits a second later and then receives no more messages, so
   * the driver has to notice before that.
   */
  private val period = 250.milliseconds
}
