package org.apache.spark.sql.rayonspark

/** What a partition has when it is computed again. */
sealed trait Sameness extends Product with Serializable

object Sameness {

  /** The same rows, one after the other. */
  case object Same extends Sameness

  /** The same rows in another order: behind a shuffle. */
  case object Unordered extends Sameness

  /** Perhaps others. */
  case object Different extends Sameness
}
