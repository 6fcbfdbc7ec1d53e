package org.rayonspark.python

import org.rayonspark.data.{ArrowExport, StagedBlock}

import java.lang.{Double => JDouble}
import java.util.{List => JList, Map => JMap}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/** An [[ArrowExport]] for py4j: Java types, and time limits in milliseconds. */
final class ExportHandle(frame: ArrowExport) {
  def schema(): Array[Byte] = frame.schema

  /** Waits for ready blocks. Returns none after the time limit, or when all are finished. */
  def next(timeoutMs: Long): JList[JMap[String, Any]] =
    frame.take(timeoutMs.millis).map(entries).asJava

  def finished(): Boolean = frame.finished

  /** Takes ids as text: py4j turns a Python number into an Integer or a Long, by its size. */
  def release(ids: JList[String]): Unit = frame.release(ids.asScala.map(_.toLong).toVector)

  /** Encodes a block from `next` again, because its file is gone. */
  def recompute(id: Long, path: String): Unit = frame.recompute(id, path)

  /** The counterparts of the methods above for Ray's retries, which find no file at that path. */
  def recomputeForRetry(id: Long, path: String): Unit = frame.recomputeForRetry(id, path)
  def nextForRetry(timeoutMs: Long): JList[JMap[String, Any]] =
    frame.takeForRetry(timeoutMs.millis).map(entries).asJava
  def releaseForRetry(ids: JList[String]): Unit =
    frame.releaseForRetry(ids.asScala.map(_.toLong).toVector)

  def report(): JMap[String, JDouble] = frame.report
  def close(): Unit = frame.close()

  private def entries(block: StagedBlock): JMap[String, Any] =
    Map[String, Any](
      "id" -> block.id,
      "partition" -> block.partition,
      "sequence" -> block.sequence,
      "executorId" -> block.executorId,
      "rayNodeId" -> block.rayNodeId,
      "path" -> block.path,
      "rows" -> block.rows,
      "bytes" -> block.bytes,
      "local" -> block.local
    ).asJava
}
