package org.rayonspark.conf

/** How the processes of a Ray cluster know whom to obey. */
sealed abstract class Auth(override val toString: String) extends Product with Serializable

object Auth {

  /** Who has the cluster's secret token; there is a new one for every cluster. */
  case object Token extends Auth("token")

  /** Whoever reaches a port commands the cluster. */
  case object Disabled extends Auth("disabled")

  val all: Vector[Auth] = Vector(Token, Disabled)
}
