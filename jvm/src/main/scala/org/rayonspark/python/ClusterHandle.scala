package org.rayonspark.python

import org.apache.spark.sql.DataFrame
import org.rayonspark.{RayCluster, RayNode}
import org.rayonspark.data.{BlockBytes, ExportOptions}

import java.util.{List => JList, Locale, Map => JMap}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/** A [[RayCluster]] for py4j: Java types, and time limits in milliseconds. */
final class ClusterHandle(cluster: RayCluster) {
  def id(): String = cluster.id
  def state(): String = cluster.state.name.toLowerCase(Locale.ROOT)
  def progress(): String = cluster.progress
  def address(): String = cluster.address
  def addressInfo(): JMap[String, String] = cluster.addressInfo
  def environment(): JMap[String, String] = cluster.environment

  /** Returns the error that ended the cluster, or is about to end it; empty if there is none. */
  def failure(): String = cluster.failure.map[String](error => s"${error.getMessage}").orElse("")
  def nodes(): JList[JMap[String, Any]] = cluster.nodes.asScala.map(entries).asJava

  /** Waits until the head is alive. False after the time limit; throws what ended the start. */
  def awaitHead(timeoutMs: Long): Boolean = cluster.awaitHead(timeoutMs.millis)

  /** Waits until all nodes are alive. False after the time limit; throws what ended the start. */
  def awaitRunning(timeoutMs: Long): Boolean = cluster.awaitRunning(timeoutMs.millis)

  /** Blocks until the cluster is about to end or has ended, and returns its state. */
  def awaitEnding(): String = {
    while (!cluster.awaitEnding(1.hour)) ()
    state()
  }

  /** Registers a process that has connected to Ray. The cluster's stop lets it disconnect first. */
  def clientAttached(pid: Long): Unit = cluster.clients.attach(pid)
  def clientDetached(pid: Long): Unit = cluster.clients.detach(pid)

  /** Starts to encode a DataFrame for Ray. */
  def exportFrame(frame: DataFrame, options: JMap[String, String]): ExportHandle =
    new ExportHandle(cluster.toArrow(frame, ExportOptions.of(options.asScala.toMap)))

  /** Returns the largest size in bytes that a staged block should have, given the task slots. */
  def blockBytes(slots: Int): Long = BlockBytes.fair(cluster.staging.locations, slots)

  /** Opens the handle with which one connection to Ray gives Datasets to Spark. */
  def imports(): ImportsHandle = new ImportsHandle(cluster)

  def stop(): Unit = cluster.stop()

  private def entries(node: RayNode): JMap[String, Any] =
    Map[String, Any](
      "rayNodeId" -> node.rayNodeId,
      "role" -> node.role,
      "host" -> node.host,
      "executorId" -> node.executorId,
      "pid" -> node.pid,
      "cpus" -> node.cpus,
      "gpus" -> node.gpus,
      "memory" -> node.memory,
      "objectStoreMemory" -> node.objectStoreMemory,
      "state" -> node.state,
      "restarts" -> node.restarts,
      "ports" -> node.ports,
      "logDirectory" -> node.logDirectory
    ).asJava
}
