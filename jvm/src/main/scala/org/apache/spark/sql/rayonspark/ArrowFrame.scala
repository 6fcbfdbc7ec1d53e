package org.apache.spark.sql.rayonspark

import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.{DeterministicLevel, RDD}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.classic.{Dataset => ClassicDataset}
import org.apache.spark.sql.execution.{
  ColumnarToRowExec,
  InputAdapter,
  SQLExecution,
  SparkPlan,
  WholeStageCodegenExec
}
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec

/** A DataFrame's plan, as far as its rows are wanted in Arrow. */
final class ArrowFrame(frame: DataFrame, partitions: Option[Int], perSlot: Int) {
  private val execution =
    partitions.fold(frame)(frame.repartition).asInstanceOf[ClassicDataset[_]].queryExecution

  /** The session's time zone, which the Arrow type of timestamps names. */
  val timeZone: String = execution.sparkSession.sessionState.conf.sessionLocalTimeZone

  /**
   * Runs `job` with the plan's rows, as one SQL execution that Spark's UI shows; the adaptive
   * plan's own stages run first.
   */
  def run[T](title: String, tag: String)(job: RDD[ArrowRows] => T): T = {
    val sc = execution.sparkSession.sparkContext
    SparkDriver.clearCallersProperties(sc)
    sc.addJobTag(tag)
    sc.setJobDescription(title)
    SQLExecution.withNewExecutionId(execution, Some(title))(job(packed(rows)))
  }

  def cancel(tag: String): Unit = {
    val sc = execution.sparkSession.sparkContext
    if (!sc.isStopped) sc.cancelJobsWithTag(tag)
  }

  /** Many tiny partitions make a few tasks, without a shuffle and where they are. */
  private def packed(rows: RDD[ArrowRows]): RDD[ArrowRows] = {
    val most = rows.sparkContext.defaultParallelism * perSlot
    if (partitions.isEmpty && rows.getNumPartitions > most)
      rows.coalesce(most).mapPartitions(parts => Iterator(new ArrowRows.Joined(parts)))
    else rows
  }

  /**
   * Without the last step to rows where the plan has columns: a cache of numbers, and Parquet.
   */
  private def rows: RDD[ArrowRows] =
    ArrowFrame.columnar(execution.executedPlan) match {
      case Some(plan) =>
        plan.executeColumnar().mapPartitions(batches => Iterator(new ArrowRows.ByColumn(batches)))
      case None => execution.toRdd.mapPartitions(rows => Iterator(new ArrowRows.ByRow(rows)))
    }
}

object ArrowFrame {

  /** Whether a partition that is computed again may have other rows. */
  def changes(rdd: RDD[_]): Boolean =
    rdd.outputDeterministicLevel == DeterministicLevel.INDETERMINATE

  private def columnar(plan: SparkPlan): Option[SparkPlan] = plan match {
    case adaptive: AdaptiveSparkPlanExec => columnar(adaptive.finalPhysicalPlan)
    case WholeStageCodegenExec(inner) => columnar(inner)
    case ColumnarToRowExec(InputAdapter(inner)) => columnar(inner)
    case ColumnarToRowExec(inner) => columnar(inner)
    case other => Option.when(other.supportsColumnar)(other)
  }
}
