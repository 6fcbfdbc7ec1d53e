package org.rayonspark.data.source

import org.apache.spark.sql.connector.read.InputPartition

/** One block; all that its reader needs. */
final case class RayPartition(block: Int, desk: String, locations: Array[String])
    extends InputPartition {
  override def preferredLocations(): Array[String] = locations
}
