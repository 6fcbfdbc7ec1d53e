package org.rayonspark.data.source

import org.apache.spark.sql.connector.read.InputPartition

/** One block of a Dataset, with all that its reader needs. */
final case class RayPartition(block: Int, endpoint: String, locations: Array[String])
    extends InputPartition {
  override def preferredLocations(): Array[String] = locations
}
