package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.{DataFrame, SparkSession}
import org.apache.spark.sql.classic.{Dataset => ClassicDataset, SparkSession => ClassicSession}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.execution.QueryExecution

/**
 * Converts between a DataFrame and its plan. Spark 4 has two classes of DataFrames, and only the
 * classic one has a plan.
 */
object ClassicFrame {
  def execution(frame: DataFrame): QueryExecution =
    frame.asInstanceOf[ClassicDataset[_]].queryExecution

  def of(spark: SparkSession, plan: LogicalPlan): DataFrame =
    ClassicDataset.ofRows(spark.asInstanceOf[ClassicSession], plan)
}
