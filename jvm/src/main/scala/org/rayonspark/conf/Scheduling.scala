package org.rayonspark.conf

/** How Spark schedules the tasks that place Ray's nodes. */
sealed abstract class Scheduling(override val toString: String) extends Product with Serializable

object Scheduling {

  /** All tasks start together or none does: a cluster is whole, or an error. */
  case object Barrier extends Scheduling("barrier")

  /** Tasks start one by one, as executors have room. */
  case object Plain extends Scheduling("plain")

  val all: Vector[Scheduling] = Vector(Barrier, Plain)
}
