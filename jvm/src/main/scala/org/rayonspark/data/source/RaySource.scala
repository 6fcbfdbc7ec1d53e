package org.rayonspark.data.source

import org.apache.spark.sql.connector.catalog.{Table, TableProvider}
import org.apache.spark.sql.connector.expressions.Transform
import org.apache.spark.sql.sources.DataSourceRegister
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.CaseInsensitiveStringMap
import org.rayonspark.InvalidSpecException
import org.rayonspark.data.ArrowImport

import java.util.{Map => JMap}

/** `spark.read.format("rayonspark").option("frame", id)`: a Dataset that was passed to Spark. */
final class RaySource extends TableProvider with DataSourceRegister {
  override def shortName(): String = "rayonspark"

  override def inferSchema(options: CaseInsensitiveStringMap): StructType = frame(options).schema

  override def getTable(
      schema: StructType,
      partitioning: Array[Transform],
      properties: JMap[String, String]
  ): Table = new RayTable(frame(new CaseInsensitiveStringMap(properties)))

  private def frame(options: CaseInsensitiveStringMap): ArrowImport =
    Option(options.get("frame")) match {
      case Some(id) => ArrowImport.find(id)
      case None =>
        throw new InvalidSpecException(
          """Format "rayonspark" needs the option "frame". Set it to the id of a frame from Ray."""
        )
    }
}
