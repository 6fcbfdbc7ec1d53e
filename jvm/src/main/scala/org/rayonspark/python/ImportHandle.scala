package org.rayonspark.python

import org.apache.spark.sql.{DataFrame, SparkSession}
import org.apache.spark.sql.rayonspark.TableFrame
import org.rayonspark.ExchangeException
import org.rayonspark.data.ArrowImport
import org.rayonspark.data.source.RayTable

import java.util.{Map => JMap}
import scala.collection.JavaConverters._

/** An [[ArrowImport]] for py4j: Java types. */
final class ImportHandle(frame: ArrowImport) {
  def id(): String = frame.id

  /** Requests the first blocks, and returns the DataFrame that reads the frame. */
  def begin(spark: SparkSession): DataFrame = {
    val table = new RayTable(frame)
    frame.begin()
    TableFrame.of(spark, table)
  }

  def staged(path: String, bytes: Long): Unit = frame.staged(path, bytes)
  def failed(path: String, why: String): Unit = frame.failed(path, why)
  def report(): JMap[String, Double] = frame.report.asJava

  /** Ends the frame with an error that its readers receive. */
  def fail(why: String): Unit = frame.fail(new ExchangeException(why))
  def close(): Unit = frame.close()
}
