package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.{DataFrame, SparkSession}
import org.apache.spark.sql.classic.{Dataset => ClassicDataset, SparkSession => ClassicSession}
import org.apache.spark.sql.connector.catalog.Table
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation
import org.apache.spark.sql.util.CaseInsensitiveStringMap

/** A table of a data source as a DataFrame, without a catalog that knows it. */
object TableFrame {
  def of(spark: SparkSession, table: Table): DataFrame =
    ClassicDataset.ofRows(
      spark.asInstanceOf[ClassicSession],
      DataSourceV2Relation.create(table, None, None, CaseInsensitiveStringMap.empty)
    )
}
