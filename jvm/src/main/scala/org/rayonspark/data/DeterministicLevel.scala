package org.rayonspark.data

/** Which rows a partition has when Spark computes it again. */
private[data] sealed trait DeterministicLevel extends Product with Serializable

private[data] object DeterministicLevel {

  /** The same rows in the same order. */
  case object Determinate extends DeterministicLevel

  /** The same rows, possibly in another order, as after a shuffle. */
  case object Unordered extends DeterministicLevel

  /** Possibly different rows. */
  case object Indeterminate extends DeterministicLevel
}
