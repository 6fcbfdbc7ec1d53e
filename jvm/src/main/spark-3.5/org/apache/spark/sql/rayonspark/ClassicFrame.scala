package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.{DataFrame, Dataset, SparkSession}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.execution.QueryExecution

/** Converts between a DataFrame and its plan. Spark 3.5 has only one class of DataFrames. */
object ClassicFrame {
  def execution(frame: DataFrame): QueryExecution = frame.queryExecution

  def of(spark: SparkSession, plan: LogicalPlan): DataFrame = Dataset.ofRows(spark, plan)
}
