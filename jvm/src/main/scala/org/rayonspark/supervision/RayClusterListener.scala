package org.rayonspark.supervision

import org.apache.spark.scheduler._

/**
 * Turns Spark's listener events into cluster events. It needs its own listener queue, because
 * `onApplicationEnd` blocks until Ray has ended, which makes Spark's stop wait for Ray.
 *
 * @param hostKnown
 *   receives an executor's id and host before its event is posted
 */
final class RayClusterListener(
    post: ClusterEvent => Unit,
    hostKnown: (String, String) => Unit,
    awaitEnd: () => Unit
) extends SparkListener {

  override def onExecutorAdded(added: SparkListenerExecutorAdded): Unit = {
    hostKnown(added.executorId, added.executorInfo.executorHost)
    post(ClusterEvent.ExecutorAdded(added.executorId, added.executorInfo.totalCores))
  }

  override def onExecutorRemoved(removed: SparkListenerExecutorRemoved): Unit =
    post(ClusterEvent.ExecutorLost(removed.executorId, removed.reason))

  override def onApplicationEnd(end: SparkListenerApplicationEnd): Unit = {
    post(ClusterEvent.ApplicationEnded)
    awaitEnd()
  }
}
