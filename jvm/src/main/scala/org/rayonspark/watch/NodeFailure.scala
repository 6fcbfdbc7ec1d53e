package org.rayonspark.watch

import org.rayonspark.{NodeFailedException, PlacementException}
import org.rayonspark.node.NodeExit

/** What is said of nodes that did not stay. */
object NodeFailure {
  private val tailLines = 12

  /** Another process took a port between our letting go of it and Ray's taking it. */
  def isPortConflict(exit: NodeExit): Boolean =
    exit.tail.exists(line => conflictWords.exists(line.toLowerCase.contains))

  private val conflictWords = Vector("address already in use", "port is already in use", "errno 98")

  def sentence(member: Member, exit: NodeExit): String =
    s"Ray node ${member.index} (${member.role}) on host \"${member.host}\" " +
      s"exited with code ${exit.code}."

  def exited(member: Member, exit: NodeExit): NodeFailedException = {
    val log = member.plan.fold("")(plan => s" The full log is in ${plan.logDirectory}.")
    val tail = exit.tail.takeRight(tailLines).mkString("\n  ", "\n  ", "\n")
    val when = if (member.alive) "" else " It was not ready yet."
    new NodeFailedException(s"${sentence(member, exit)}$when Its last output:$tail$log".trim)
  }

  def executorLost(member: Member, reason: String): PlacementException =
    new PlacementException(
      s"Spark executor ${member.executorId} was lost while Ray node ${member.index} started on it: " +
        s"$reason. Look at the executor's log, and start the cluster again."
    )

  def jobFailed(cause: Throwable): PlacementException =
    new PlacementException(
      s"The Spark job that places the Ray nodes failed: ${cause.getMessage} " +
        "Start the cluster again when the cause is mended.",
      cause
    )
}
