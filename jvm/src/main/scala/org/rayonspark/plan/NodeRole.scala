package org.rayonspark.plan

/** The role of a Ray node in its cluster. The head is planned and run like any other node. */
sealed trait NodeRole extends Product with Serializable

object NodeRole {
  case object Head extends NodeRole { override val toString = "head" }
  case object Worker extends NodeRole { override val toString = "worker" }
}
