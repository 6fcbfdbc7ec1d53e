package org.rayonspark.watch

import org.rayonspark.threads.Repeated

import scala.concurrent.duration._

/**
 * Looks for executors that Spark takes out of service, on a thread of its own.
 *
 * @param nodes
 *   ids of the executors to look for
 * @param decommissioned
 *   whether Spark has begun to take that one out of service
 */
final class DecommissionWatch(
    clusterId: String,
    nodes: () => Vector[String],
    decommissioned: String => Boolean,
    post: ClusterEvent => Unit
) extends AutoCloseable {
  private val looks =
    new Repeated(s"rayonspark-$clusterId-decommissions", DecommissionWatch.period)(look())

  private def look(): Unit =
    nodes().filter(decommissioned).foreach { id =>
      post(ClusterEvent.ExecutorLeaving(id, "Spark decommissions it"))
    }

  override def close(): Unit = looks.close()
}

private object DecommissionWatch {

  /**
   * Spark tells no listener of a decommission. Its executor leaves a second later when it has no
   * tasks and no blocks to move, and hears nothing of us any more: by then the news must be there.
   */
  private val period = 250.milliseconds
}
