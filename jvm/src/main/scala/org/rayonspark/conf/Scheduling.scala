package org.rayonspark.conf

/** How Spark schedules the tasks that place Ray's nodes. */
sealed abstract class Scheduling(override val toString: String) extends Product with Serializable

object Scheduling {

  /** All tasks start together or none does: the cluster is complete, or the start fails. */
  case object Barrier extends Scheduling("barrier")

  /** Each task starts as soon as an executor has a free slot. */
  case object Plain extends Scheduling("plain")

  val all: Vector[Scheduling] = Vector(Barrier, Plain)
}
