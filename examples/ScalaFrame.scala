package org.rayonspark.examples

import org.apache.spark.sql.SparkSession

/**
 * The Scala half of an application whose Python half has given a Ray Dataset to Spark: it reads the
 * Dataset by the id that `cluster.last_exchange.frame` has there.
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
