package org.rayonspark.data.source

import org.apache.spark.sql.connector.catalog.Table
import org.apache.spark.sql.connector.read._
import org.apache.spark.sql.types.StructType
import org.rayonspark.data.{ArrowImport, StagingPlace}

import java.util.OptionalLong

final class RayScanBuilder(frame: ArrowImport, table: Table)
    extends ScanBuilder
    with SupportsPushDownRequiredColumns {
  private var columns = frame.schema

  override def pruneColumns(required: StructType): Unit =
    columns = StructType(frame.schema.filter(field => required.fieldNames.contains(field.name)))

  override def build(): Scan = new RayScan(frame, columns, table)
}

/**
 * @param table
 *   kept alive by every plan that reads it
 */
final class RayScan(frame: ArrowImport, columns: StructType, private[source] val table: Table)
    extends Scan
    with Batch
    with SupportsReportStatistics {
  override def readSchema(): StructType = columns
  override def toBatch: Batch = this
  override def description(): String = s"ray ${frame.id}"

  override def estimateStatistics(): Statistics = new Statistics {
    override def sizeInBytes: OptionalLong = OptionalLong.of(frame.blocks.map(_.bytes).sum)
    override def numRows: OptionalLong = OptionalLong.of(frame.blocks.map(_.rows).sum)
  }

  override def planInputPartitions(): Array[InputPartition] = {
    frame.require()
    frame.homes.zipWithIndex
      .map[InputPartition] { case (home, i) => RayPartition(i, frame.desk, locations(home)) }
      .toArray
  }

  override def createReaderFactory(): PartitionReaderFactory =
    new RayReaderFactory(frame.schema.fieldNames.indices.filter { i =>
      columns.fieldNames.contains(frame.schema.fieldNames(i))
    }.toArray)

  /** The executor itself, as Spark's scheduler reads it, then its host. */
  private def locations(home: StagingPlace): Array[String] =
    if (home.executorId == "driver") Array.empty
    else Array(s"executor_${home.sparkHost}_${home.executorId}", home.sparkHost)
}
