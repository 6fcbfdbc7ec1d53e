package org.apache.spark.sql.rayonspark

import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.{DeterministicLevel, RDD}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.classic.{Dataset => ClassicDataset}
import org.apache.spark.sql.execution.{QueryExecution, SQLExecution}
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec

/**
 * A DataFrame whose rows are wanted in Arrow.
 *
 * @param partitions
 *   so many exactly; None takes the plan's, and packs many tiny ones
 * @param perSlot
 *   partitions for each slot that are too many
 */
final class ArrowFrame(frame: DataFrame, partitions: Option[Int], perSlot: Int) {
  private val execution = ArrowFrame.execution(frame, partitions)
  private val session = execution.sparkSession

  /** The session's time zone, which the Arrow type of timestamps names. */
  val timeZone: String = session.sessionState.conf.sessionLocalTimeZone

  private lazy val rows: RDD[ArrowRows] = packed(ArrowSource.rows(execution))

  /**
   * Runs `job` with the plan's rows, as one SQL execution that Spark's UI shows; an adaptive plan's
   * own stages run first.
   */
  def run[T](title: String, tag: String)(job: RDD[ArrowRows] => T): T = {
    val sc = session.sparkContext
    SparkDriver.clearCallersProperties(sc)
    sc.addJobTag(tag)
    sc.setJobDescription(title)
    SQLExecution.withNewExecutionId(execution, Some(title))(job(rows))
  }

  def cancel(tag: String): Unit =
    if (!session.sparkContext.isStopped) session.sparkContext.cancelJobsWithTag(tag)

  /** Task slots of the application. */
  def slots: Int = session.sparkContext.defaultParallelism

  /** Fewer partitions make fewer tasks, without a shuffle and where the rows are. */
  private def packed(rows: RDD[ArrowRows]): RDD[ArrowRows] = {
    val most = partitions.getOrElse(slots * perSlot)
    if (rows.getNumPartitions > most)
      rows.coalesce(most).mapPartitions(parts => Iterator(new ArrowRows.Joined(parts)))
    else rows
  }
}

object ArrowFrame {

  /** Whether a partition that is computed again has the same rows in the same order. */
  def repeats(rdd: RDD[_]): Boolean = rdd.outputDeterministicLevel == DeterministicLevel.DETERMINATE

  /** Whether it has the same rows, in any order. */
  def reorders(rdd: RDD[_]): Boolean = rdd.outputDeterministicLevel == DeterministicLevel.UNORDERED

  private def execution(frame: DataFrame, partitions: Option[Int]): QueryExecution = {
    def of(some: DataFrame): QueryExecution = some.asInstanceOf[ClassicDataset[_]].queryExecution
    val own = of(frame)
    // What an adaptive plan has is known only when it has run: it is made to have it.
    def enough(wanted: Int): Boolean = own.executedPlan match {
      case _: AdaptiveSparkPlanExec => false
      case _ => own.toRdd.getNumPartitions >= wanted
    }
    partitions.filterNot(enough).fold(own)(n => of(frame.repartition(n)))
  }
}
