package org.rayonspark.examples

import org.apache.spark.sql.SparkSession

/**
 * The Scala half of an application whose Python half has passed a Ray Dataset to `to_spark`. It
 * reads the Dataset by its id, which is `cluster.last_exchange.frame` in Python.
 */
object ScalaFrame {
  def sum(spark: SparkSession, frame: String, column: String): Long =
    spark.read
      .format("rayonspark")
      .option("frame", frame)
      .load()
      .selectExpr(s"sum($column)")
      .head()
      .getLong(0)
}
