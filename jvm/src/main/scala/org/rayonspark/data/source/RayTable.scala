package org.rayonspark.data.source

import org.apache.spark.sql.connector.catalog.{SupportsRead, Table, TableCapability}
import org.apache.spark.sql.connector.read.ScanBuilder
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.CaseInsensitiveStringMap
import org.rayonspark.data.ArrowImport

import java.lang.ref.Cleaner
import java.util.{EnumSet, Set => JSet}

/**
 * A Ray Dataset as a table that can be read, often. When no plan refers to a table of the Dataset
 * any more, what is staged of it goes.
 */
final class RayTable(frame: ArrowImport) extends Table with SupportsRead {
  frame.hold()
  RayTable.cleaner.register(this, RayTable.lettingGo(frame))

  override def name: String = s"ray ${frame.id}"
  override def schema: StructType = frame.schema
  override def capabilities: JSet[TableCapability] = EnumSet.of(TableCapability.BATCH_READ)
  override def newScanBuilder(options: CaseInsensitiveStringMap): ScanBuilder =
    new RayScanBuilder(frame, this)
}

object RayTable {
  private val cleaner = Cleaner.create()

  /** It must not capture the table. */
  private def lettingGo(frame: ArrowImport): Runnable = () => frame.letGo()
}
