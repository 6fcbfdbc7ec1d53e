package org.rayonspark.python

import org.apache.spark.sql.{DataFrame, SparkSession}
import org.apache.spark.sql.rayonspark.TableFrame
import org.rayonspark.data.ArrowImport
import org.rayonspark.data.source.RayTable

import java.util.{Map => JMap}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._

/** An [[ArrowImport]] as Python holds it: Java types, waits in milliseconds. */
final class ImportHandle(frame: ArrowImport) {
  def id(): String = frame.id

  def dataFrame(spark: SparkSession): DataFrame = TableFrame.of(spark, new RayTable(frame))

  /** A block that shall be written; null when the time was up, or when nobody reads any more. */
  def nextDemand(timeoutMs: Long): JMap[String, Any] =
    frame
      .nextDemand(timeoutMs.millis)
      .map(d => d.productElementNames.zip(d.productIterator).toMap.asJava)
      .orNull

  def staged(path: String, bytes: Long): Unit = frame.staged(path, bytes)
  def failed(path: String, why: String): Unit = frame.failed(path, why)
  def released(): Boolean = frame.released
  def report(): JMap[String, Double] = frame.report.asJava
  def close(): Unit = frame.close()
}
