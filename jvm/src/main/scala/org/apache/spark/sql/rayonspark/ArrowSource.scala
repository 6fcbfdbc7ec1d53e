package org.apache.spark.sql.rayonspark

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.catalyst.expressions.{Alias, Attribute, ExprId}
import org.apache.spark.sql.execution.{
  ColumnarToRowExec,
  InputAdapter,
  ProjectExec,
  QueryExecution,
  SparkPlan,
  WholeStageCodegenExec
}
import org.apache.spark.sql.execution.adaptive.{AdaptiveSparkPlanExec, TableCacheQueryStageExec}
import org.apache.spark.sql.execution.columnar.{DefaultCachedBatchSerializer, InMemoryTableScanExec}

/**
 * Finds the operator of a plan to read its output from: the lowest one that still has all output
 * columns. A plan that only selects and renames columns of a cache or of a columnar source then
 * never creates rows.
 */
private[rayonspark] object ArrowSource {

  /** Returns the rows of a plan. Runs the stages of an adaptive plan. */
  def rows(execution: QueryExecution): RDD[ArrowRows] = {
    val plan = execution.executedPlan
    columns(plan, plan.output.map(_.exprId)).getOrElse {
      val schema = plan.schema
      execution.toRdd.mapPartitions(rows => Iterator(new ArrowRows.ByRow(rows, schema)))
    }
  }

  private def columns(plan: SparkPlan, wanted: Seq[ExprId]): Option[RDD[ArrowRows]] = plan match {
    case adaptive: AdaptiveSparkPlanExec => columns(adaptive.finalPhysicalPlan, wanted)
    case cache: TableCacheQueryStageExec => columns(cache.plan, wanted)
    case WholeStageCodegenExec(inner) => columns(inner, wanted)
    case InputAdapter(inner) => columns(inner, wanted)
    case ColumnarToRowExec(inner) => columns(inner, wanted)
    case ProjectExec(list, inner) =>
      val sources = wanted.flatMap(id => list.find(_.exprId == id)).collect {
        case column: Attribute => column.exprId
        case Alias(column: Attribute, _) => column.exprId
      }
      if (sources.size == wanted.size) columns(inner, sources) else None
    case scan: InMemoryTableScanExec if isPlain(scan) => Some(cached(scan, wanted))
    case other if other.supportsColumnar =>
      val ordinals = ordinalsOf(other.output, wanted)
      Some(
        other
          .executeColumnar()
          .mapPartitions(batches => Iterator(new ArrowRows.ByColumn(batches, ordinals)))
      )
    case _ => None
  }

  /** Whether the cache has the layout of Spark's own serializer, with types that are supported. */
  private def isPlain(scan: InMemoryTableScanExec): Boolean =
    scan.relation.cacheBuilder.serializer.getClass == classOf[DefaultCachedBatchSerializer] &&
      scan.output.forall(column => CachedRows.supports(column.dataType))

  private def cached(scan: InMemoryTableScanExec, wanted: Seq[ExprId]): RDD[ArrowRows] = {
    val ordinals = ordinalsOf(scan.relation.output, wanted)
    val types = ordinals.map(scan.relation.output(_).dataType)
    scan.relation.cacheBuilder.cachedColumnBuffers
      .mapPartitions(batches => Iterator(new CachedRows(batches, types, ordinals)))
  }

  private def ordinalsOf(output: Seq[Attribute], wanted: Seq[ExprId]): Array[Int] =
    wanted.map(id => output.indexWhere(_.exprId == id)).toArray
}
