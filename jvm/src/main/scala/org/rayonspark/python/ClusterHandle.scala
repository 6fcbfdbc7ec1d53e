package org.rayonspark.python

import org.apache.spark.sql.DataFrame
import org.rayonspark.{RayCluster, RayNode}
import org.rayonspark.data.{BlockBytes, ExportOptions, ImportBlock}

import java.util.{List => JList, Locale, Map => JMap}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._

/** A [[RayCluster]] as Python holds it: Java types, waits in milliseconds. */
final class ClusterHandle(cluster: RayCluster) {
  def id(): String = cluster.id
  def state(): String = cluster.state.name.toLowerCase(Locale.ROOT)
  def progress(): String = cluster.progress
  def address(): String = cluster.address
  def addressInfo(): JMap[String, String] = cluster.addressInfo
  def environment(): JMap[String, String] = cluster.environment
  def nodes(): JList[JMap[String, Any]] = cluster.nodes.asScala.map(entries).asJava

  /** Both throw what ended the start; false when the time was up. */
  def awaitHead(timeoutMs: Long): Boolean = cluster.awaitHead(timeoutMs.millis)
  def awaitRunning(timeoutMs: Long): Boolean = cluster.awaitRunning(timeoutMs.millis)

  /** Blocks until the cluster is about to end or has ended, and says which. */
  def awaitEnding(): String = {
    while (!cluster.awaitEnding(1.hour)) ()
    state()
  }

  /** That process has connected to Ray: the cluster's stop lets it leave first. */
  def clientAttached(pid: Long): Unit = cluster.clients.attach(pid)
  def clientDetached(pid: Long): Unit = cluster.clients.detach(pid)

  /** Begins to encode a DataFrame for Ray. */
  def exportFrame(frame: DataFrame, options: JMap[String, String]): ExportHandle =
    new ExportHandle(cluster.toArrow(frame, ExportOptions.of(options.asScala.toMap)))

  /** How large a block in staging should be at most, with so many task slots. */
  def blockBytes(slots: Int): Long = BlockBytes.fair(cluster.staging.places, slots)

  /** Lets Spark read a Dataset; the blocks have `rows`, `bytes` and `rayNodeId`, as texts. */
  def importFrame(schema: Array[Byte], blocks: JList[JMap[String, String]]): ImportHandle =
    new ImportHandle(
      cluster.fromArrow(
        schema,
        blocks.asScala.map { b =>
          ImportBlock(b.get("rows").toLong, b.get("bytes").toLong, b.get("rayNodeId"))
        }.toVector
      )
    )

  def stop(): Unit = cluster.stop()

  private def entries(node: RayNode): JMap[String, Any] =
    node.productElementNames.zip(node.productIterator).toMap.asJava
}
