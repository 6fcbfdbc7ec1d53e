package org.rayonspark.data.source

import org.apache.spark.sql.connector.catalog.{SupportsRead, Table, TableCapability}
import org.apache.spark.sql.connector.read.ScanBuilder
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.CaseInsensitiveStringMap
import org.rayonspark.data.ArrowImport

import java.lang.ref.Cleaner
import java.util.{EnumSet, Set => JSet}

/**
 * A Ray Dataset as a table that can be read repeatedly. When no plan refers to a table of the
 * Dataset any more, the Dataset's staged files are deleted.
 */
final class RayTable(frame: ArrowImport) extends Table with SupportsRead {
  frame.retain()
  RayTable.cleaner.register(this, RayTable.releasing(frame))

  override def name: String = s"ray ${frame.id}"
  override def schema: StructType = frame.schema
  override def capabilities: JSet[TableCapability] = EnumSet.of(TableCapability.BATCH_READ)
  override def newScanBuilder(options: CaseInsensitiveStringMap): ScanBuilder =
    new RayScanBuilder(frame, this)
}

object RayTable {
  private val cleaner = Cleaner.create()

  /** Must not capture the table, which would then never be collected. */
  private def releasing(frame: ArrowImport): Runnable = () => frame.release()
}
