package org.rayonspark.watch

import java.util.concurrent.{Executors, TimeUnit}
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
  private val looks = Executors.newSingleThreadScheduledExecutor { work =>
    val thread = new Thread(work, s"rayonspark-$clusterId-decommissions")
    thread.setDaemon(true)
    thread
  }
  private val period = DecommissionWatch.period.toMillis
  looks.scheduleWithFixedDelay(() => look(), period, period, TimeUnit.MILLISECONDS)

  private def look(): Unit =
    nodes().filter(decommissioned).foreach { id =>
      post(ClusterEvent.ExecutorLeaving(id, "Spark decommissions it"))
    }

  override def close(): Unit = {
    looks.shutdownNow()
    ()
  }
}

private object DecommissionWatch {

  /**
   * Spark tells no listener of a decommission. Its executor leaves a second later when it has no
   * tasks and no blocks to move, and hears nothing of us any more: by then the news must be there.
   */
  private val period = 250.milliseconds
}
