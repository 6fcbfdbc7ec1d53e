package org.rayonspark.python

import org.rayonspark.data.{ArrowExport, StagedBlock}

import java.lang.{Double => JDouble}
import java.util.{List => JList, Map => JMap}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._

/** An [[ArrowExport]] as Python holds it: Java types, waits in milliseconds. */
final class ExportHandle(frame: ArrowExport) {
  def schema(): Array[Byte] = frame.schema

  /** Blocks that became ready; none when the time was up, or there will be no more. */
  def next(timeoutMs: Long): JList[JMap[String, Any]] =
    frame.take(timeoutMs.millis).map(entries).asJava

  def finished(): Boolean = frame.finished

  /** Ids as text: Python's numbers come as Java's ints or longs, as they like. */
  def release(ids: JList[String]): Unit = frame.release(ids.asScala.map(_.toLong).toVector)

  def want(id: Long): Unit = frame.want(id)
  def restage(id: Long): JMap[String, Any] = entries(frame.restage(id))
  def report(): JMap[String, JDouble] = frame.report
  def close(): Unit = frame.close()

  private def entries(block: StagedBlock): JMap[String, Any] =
    block.productElementNames.zip(block.productIterator).toMap.asJava
}
