package org.rayonspark.data.source

import org.apache.spark.sql.connector.catalog.Table
import org.apache.spark.sql.connector.read._
import org.apache.spark.sql.types.StructType
import org.rayonspark.data.{ArrowImport, StagingLocation}

import java.util.OptionalLong

/** Builds a scan of the columns that a query needs. */
final class RayScanBuilder(frame: ArrowImport, table: Table)
    extends ScanBuilder
    with SupportsPushDownRequiredColumns {
  private var columns = frame.schema

  override def pruneColumns(required: StructType): Unit =
    columns = StructType(frame.schema.filter(field => required.fieldNames.contains(field.name)))

  override def build(): Scan = new RayScan(frame, columns, table)
}

/**
 * Plans one partition for each block of a Dataset.
 *
 * @param table
 *   referenced only so that it is not collected while a plan reads it
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
    frame.preferredLocations.zipWithIndex.map { case (preferred, i) =>
      RayPartition(i, frame.endpoint, locations(preferred)): InputPartition
    }.toArray
  }

  override def createReaderFactory(): PartitionReaderFactory =
    new RayReaderFactory(frame.schema.fieldNames.indices.filter { i =>
      columns.fieldNames.contains(frame.schema.fieldNames(i))
    }.toArray)

  /** Returns the executor, in the format that Spark's scheduler parses, then its host. */
  private def locations(preferred: StagingLocation): Array[String] =
    if (preferred.executorId == "driver") Array.empty
    else Array(s"executor_${preferred.sparkHost}_${preferred.executorId}", preferred.sparkHost)
}
