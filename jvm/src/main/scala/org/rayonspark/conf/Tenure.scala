package org.rayonspark.conf

/** What a Ray node holds of the Spark executor that it runs on. */
sealed abstract class Tenure(override val toString: String) extends Product with Serializable

object Tenure {

  /** Nothing: the task returns when its node runs, and every slot is Spark's again. */
  case object Shared extends Tenure("shared")

  /** As many of the executor's cores as the node has, for as long as the node lives. */
  case object Reserved extends Tenure("reserved")

  val all: Vector[Tenure] = Vector(Shared, Reserved)
}
