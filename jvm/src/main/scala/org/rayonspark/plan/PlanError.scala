package org.rayonspark.plan

import org.rayonspark.RayOnSparkException

/** Why no plan can be made of the offers: each with its text. */
sealed trait PlanError extends Product with Serializable {

  /** What happened, the numbers, and what to do. */
  def message: String

  /** The same as what users see at the public edge. */
  def exception: RayOnSparkException
}
