package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.{DataFrame, SparkSession}
import org.apache.spark.sql.connector.catalog.Table
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation
import org.apache.spark.sql.util.CaseInsensitiveStringMap

/** Makes a DataFrame of a data source table that is in no catalog. */
object TableFrame {
  def of(spark: SparkSession, table: Table): DataFrame =
    ClassicFrame.of(
      spark,
      DataSourceV2Relation.create(table, None, None, CaseInsensitiveStringMap.empty)
    )
}
