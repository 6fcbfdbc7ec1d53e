package org.rayonspark.watch

import org.rayonspark.{NodeFailedException, PlacementException}
import org.rayonspark.node.{ContainerUse, NodeExit}
import org.rayonspark.plan.{NodePlan, NodeRole}

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
    val log = member.plan.fold("")(plan => s" The full log is in ${plan.logs}.")
    val tail = exit.tail.takeRight(tailLines).mkString("\n  ", "\n  ", "\n")
    val when = if (member.alive) "" else " It was not ready yet."
    new NodeFailedException(s"${sentence(member, exit)}$when Its last output:$tail$log".trim)
  }

  def executorLost(member: Member, reason: String): PlacementException =
    new PlacementException(
      s"Spark executor ${member.executorId} was lost while Ray node ${member.index} started on it: " +
        s"${why(member, reason)} Look at the executor's log, and start the cluster again."
    )

  /** What is said of a node whose executor was lost when the cluster ran. */
  def goneWithExecutor(member: Member, reason: String): String =
    s"Ray node ${member.index} is gone with Spark executor ${member.executorId}: " +
      why(member, reason)

  /** Spark's own words, and what they leave out: its overhead is Ray's memory too. */
  private def why(member: Member, reason: String): String = {
    val sentence = s"${reason.trim.stripSuffix(".")}."
    if (!isMemory(reason)) sentence
    else
      s"$sentence Ray's processes count there too${shares(member)}. " +
        raise(NodeRole.Worker)
  }

  /** What is said when the kernel killed a process of the executor's control group. */
  def outOfMemory(member: Member, limit: Long): String = {
    val beside =
      if (member.role == NodeRole.Head) "the Spark driver"
      else s"Spark executor ${member.executorId}"
    s"The kernel killed a process beside $beside for want of memory: its control group's limit is " +
      s"${limit >> 20} MiB. Ray node ${member.index}'s processes count there too" +
      s"${shares(member)}. ${raise(member.role)}"
  }

  private def raise(role: NodeRole): String = {
    val setting =
      if (role == NodeRole.Head) "spark.driver.memoryOverhead"
      else "`extra_executor_memory_for_ray` (spark.executor.memoryOverhead)"
    s"Raise $setting, or lower `object_store_memory`."
  }

  private def shares(member: Member): String = {
    val known = member.lastUse.map(held) ++ member.plan.map(share)
    if (known.isEmpty) "" else known.mkString(": ", "; ", "")
  }

  private def held(use: ContainerUse): String =
    s"they held ${use.resident >> 20} MiB (${use.shared >> 20} MiB of it shared memory) in a " +
      s"container of ${use.limit >> 20} MiB for them and the JVM"

  private def share(plan: NodePlan): String = {
    val share = plan.memory + plan.objectStoreMemory
    s"they were to stay within ${share >> 20} MiB, of which the object store may take " +
      s"${plan.objectStoreMemory >> 20} MiB"
  }

  def isMemory(reason: String): Boolean =
    isYarnsLimit(reason) || kernelsWords.exists(reason.toLowerCase.contains)

  /** YARN's own words for it; the kernel ends processes without telling them. */
  def isYarnsLimit(reason: String): Boolean = reason.toLowerCase.contains("memory limit")

  private val kernelsWords = Vector("oomkilled", "out of memory")

  def jobFailed(cause: Throwable): PlacementException =
    new PlacementException(
      s"The Spark job that places the Ray nodes failed: ${cause.getMessage} " +
        "Start the cluster again when the cause is mended.",
      cause
    )
}
