package org.rayonspark.conf

/** How the processes of a Ray cluster authenticate requests. */
sealed abstract class Auth(override val toString: String) extends Product with Serializable

object Auth {

  /** Requests need the cluster's secret token, which is new for every cluster. */
  case object Token extends Auth("token")

  /** Anyone who reaches a port controls the cluster. */
  case object Disabled extends Auth("disabled")

  val all: Vector[Auth] = Vector(Token, Disabled)
}
