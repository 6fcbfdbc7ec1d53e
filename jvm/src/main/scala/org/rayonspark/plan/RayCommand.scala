package org.rayonspark.plan

/**
 * The `ray start` that makes a plan true: a sequence of arguments, never a string, and the
 * environment variables that only an environment can set.
 */
final case class RayCommand(arguments: Vector[String], environment: Map[String, String])

object RayCommand {

  /** What follows `ray` on the command line. */
  def of(plan: NodePlan): RayCommand = ???
}
