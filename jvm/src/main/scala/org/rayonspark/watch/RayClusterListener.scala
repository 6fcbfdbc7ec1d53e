package org.rayonspark.watch

import org.apache.spark.scheduler._

/**
 * Spark's events as ours; it decides nothing. It has a queue of its own, because at the
 * application's end it waits for `onApplicationEnd`: Spark's stop then waits for Ray's.
 */
final class RayClusterListener(post: ClusterEvent => Unit, awaitEnd: () => Unit)
    extends SparkListener {

  override def onExecutorAdded(added: SparkListenerExecutorAdded): Unit =
    post(ClusterEvent.ExecutorAdded(added.executorId, added.executorInfo.totalCores))

  override def onExecutorRemoved(removed: SparkListenerExecutorRemoved): Unit =
    post(ClusterEvent.ExecutorLost(removed.executorId, removed.reason))

  override def onApplicationEnd(end: SparkListenerApplicationEnd): Unit = {
    post(ClusterEvent.ApplicationEnded)
    awaitEnd()
  }
}
