package org.rayonspark.data

/** What a partition has when it is computed again. */
private[data] sealed trait Sameness extends Product with Serializable

private[data] object Sameness {

  /** The same rows, one after the other. */
  case object Same extends Sameness

  /** The same rows in another order: behind a shuffle. */
  case object Unordered extends Sameness

  /** Perhaps others. */
  case object Different extends Sameness
}
