package org.rayonspark.plan

/**
 * What a Ray node is to its cluster. The head is a node like any other, planned and run the same.
 */
sealed trait NodeRole extends Product with Serializable

object NodeRole {
  case object Head extends NodeRole { override val toString = "head" }
  case object Worker extends NodeRole { override val toString = "worker" }
}
