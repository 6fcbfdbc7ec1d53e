package org.apache.spark.sql.rayonspark

import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.{DeterministicLevel, RDD}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.catalyst.util.DateTimeUtils
import org.apache.spark.sql.execution.{QueryExecution, SQLExecution}
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec

import java.time.ZoneOffset

/**
 * Runs jobs on the rows of a DataFrame, in a form that can be encoded in Arrow.
 *
 * @param partitions
 *   exact number of partitions; if None, the plan's own, coalesced when there are many
 * @param perSlot
 *   maximum number of partitions for each task slot if `partitions` is None
 */
final class ArrowFrame(frame: DataFrame, partitions: Option[Int], perSlot: Int) {
  private val execution = ArrowFrame.execution(frame, partitions)
  private val session = execution.sparkSession

  /** The session's time zone, which the Arrow type of timestamps names. */
  val timeZone: String = ArrowFrame.arrowZone(session.sessionState.conf.sessionLocalTimeZone)

  private lazy val rows: RDD[ArrowRows] = packed(ArrowSource.rows(execution))

  /**
   * Runs `job` on the plan's rows, as one SQL execution that Spark's UI shows. The stages of an
   * adaptive plan run first.
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

  /** Returns the number of task slots of the application. */
  def slots: Int = session.sparkContext.defaultParallelism

  /** Coalesces partitions to fewer tasks, without a shuffle, so that rows stay where they are. */
  private def packed(rows: RDD[ArrowRows]): RDD[ArrowRows] = {
    val most = partitions.getOrElse(slots * perSlot)
    if (rows.getNumPartitions > most)
      rows.coalesce(most).mapPartitions(parts => Iterator(new ArrowRows.Joined(parts)))
    else rows
  }
}

object ArrowFrame {

  /** Whether a partition that is computed again has the same rows in the same order. */
  def isDeterminate(rdd: RDD[_]): Boolean =
    rdd.outputDeterministicLevel == DeterministicLevel.DETERMINATE

  /** Whether it has the same rows, but perhaps in another order. */
  def isUnordered(rdd: RDD[_]): Boolean =
    rdd.outputDeterministicLevel == DeterministicLevel.UNORDERED

  /**
   * Returns the name that Arrow has for a time zone of Spark: an offset such as "+08:00", "UTC", or
   * a name of the IANA database. Java also accepts names such as "GMT+8" and "Z", and those of its
   * SystemV zones.
   */
  def arrowZone(sparkZone: String): String =
    DateTimeUtils.getZoneId(sparkZone).normalized() match {
      case ZoneOffset.UTC => "UTC"
      case zone => zone.getId.stripPrefix("SystemV/")
    }

  private def execution(frame: DataFrame, partitions: Option[Int]): QueryExecution = {
    def of(some: DataFrame): QueryExecution = ClassicFrame.execution(some)
    val own = of(frame)
    // An adaptive plan knows its partitions only after a run, so it is always repartitioned.
    def enough(wanted: Int): Boolean = own.executedPlan match {
      case _: AdaptiveSparkPlanExec => false
      case _ => own.toRdd.getNumPartitions >= wanted
    }
    partitions.filterNot(enough).fold(own)(n => of(frame.repartition(n)))
  }
}
