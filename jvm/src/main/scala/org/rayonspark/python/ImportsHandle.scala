package org.rayonspark.python

import org.rayonspark.RayCluster

import scala.concurrent.duration._

/** The frames of one connection to Ray for py4j: JSON, and time limits in milliseconds. */
final class ImportsHandle(cluster: RayCluster) {
  private val queue = cluster.imports()

  /**
   * Creates a frame that Spark does not read yet. `blocks` is `[[rows, bytes, "rayNodeId"], …]`.
   */
  def start(schema: Array[Byte], blocks: String): ImportHandle =
    new ImportHandle(cluster.fromArrow(queue, schema, ImportJson.blocks(blocks)))

  /** Collects garbage, so that frames that no plan reads are released. */
  def collectGarbage(): Unit = System.gc()

  /** Waits for events. Returns a JSON array, empty after the time limit; null after the close. */
  def next(timeoutMs: Long): String = {
    val events = queue.next(timeoutMs.millis)
    if (events.isEmpty && queue.closed) null else ImportJson.write(events)
  }

  /** Ends all frames with an error that their readers receive. */
  def close(why: String): Unit = queue.close(why)
}
