package org.rayonspark.supervision

import org.rayonspark.{NodeFailedException, PlacementException}
import org.rayonspark.node.{ContainerUsage, NodeExit}
import org.rayonspark.plan.{NodePlan, NodeRole}

/** Builds the messages and errors about nodes that failed or were lost. */
object NodeFailure {
  private val tailLines = 20

  /** Whether another process took a port after its release and before Ray could bind it. */
  def isPortConflict(exit: NodeExit): Boolean =
    exit.tail.exists(line => conflictWords.exists(line.toLowerCase.contains))

  private val conflictWords = Vector("address already in use", "port is already in use", "errno 98")

  def sentence(node: ClusterNode, exit: NodeExit): String =
    s"""Ray node ${node.index} (${node.role}) on host "${node.host}" """ +
      s"exited with code ${exit.code}."

  /** The message about a node that failed before its launch. */
  def notPrepared(node: ClusterNode, why: String): String =
    s"""Ray node ${node.index} (${node.role}) on host "${node.host}" could not be prepared: $why"""

  def exited(node: ClusterNode, exit: NodeExit): NodeFailedException = {
    val log = node.plan.fold("")(plan => s" The full log is in ${plan.logs}.")
    val tail = exit.tail.takeRight(tailLines).mkString("\n  ", "\n  ", "\n")
    val when = if (node.alive) "" else " It was not ready yet."
    new NodeFailedException(s"${sentence(node, exit)}$when Its last output:$tail$log".trim)
  }

  /** With dynamic allocation, an executor that is lost during the start ends it. */
  def executorLost(node: ClusterNode, reason: String): PlacementException =
    new PlacementException(
      s"Spark executor ${node.executorId} was lost while Ray node ${node.index} was starting on " +
        s"it: ${why(node, reason)} Look at the executor's log, and start the cluster again."
    )

  /** The driver's JVM goes on if only the agent of the head has ended. */
  def headLost(node: ClusterNode, reason: String): PlacementException =
    new PlacementException(
      s"The head, Ray node ${node.index}, was lost: ${why(node, reason)} Look at the driver's " +
        "log, and start the cluster again."
    )

  /** The message about a node whose executor was lost while the cluster was running. */
  def lostWithExecutor(node: ClusterNode, reason: String): String =
    s"Ray node ${node.index} was lost with Spark executor ${node.executorId}: " +
      why(node, reason)

  /** Spark's reason; for memory, adds that Ray's processes share the executor's overhead. */
  private def why(node: ClusterNode, reason: String): String = {
    val sentence = s"${reason.trim.stripSuffix(".")}."
    if (!isMemory(reason)) sentence
    else
      s"$sentence Ray's processes count towards the memory limit too${numbers(node)}. " +
        raise(NodeRole.Worker)
  }

  /** The message about a process that the kernel killed in the executor's control group. */
  def outOfMemory(node: ClusterNode, limit: Long): String = {
    val owner =
      if (node.role == NodeRole.Head) "the Spark driver"
      else s"Spark executor ${node.executorId}"
    s"The kernel killed a process in the control group of $owner because memory ran out. The " +
      s"group's limit is ${limit >> 20} MiB. Ray node ${node.index}'s processes count towards it " +
      s"too${numbers(node)}. ${raise(node.role)}"
  }

  private def raise(role: NodeRole): String = {
    val setting =
      if (role == NodeRole.Head) "spark.driver.memoryOverhead"
      else "`extra_executor_memory_for_ray` (spark.executor.memoryOverhead)"
    s"Raise $setting, or lower `object_store_memory`."
  }

  private def numbers(node: ClusterNode): String = {
    val known = node.lastUsage.map(used) ++ node.plan.map(budget)
    if (known.isEmpty) "" else known.mkString(": ", "; ", "")
  }

  private def used(usage: ContainerUsage): String =
    s"they used ${usage.resident >> 20} MiB (${usage.shared >> 20} MiB of it shared memory) in a " +
      s"container of ${usage.limit >> 20} MiB, which they share with the JVM"

  private def budget(plan: NodePlan): String = {
    val budget = plan.memory + plan.objectStoreMemory
    s"their budget is ${budget >> 20} MiB, of which the object store may take " +
      s"${plan.objectStoreMemory >> 20} MiB"
  }

  def isMemory(reason: String): Boolean =
    isYarnsLimit(reason) || kernelWords.exists(reason.toLowerCase.contains)

  /** Whether the reason is YARN's: only YARN warns a process before it ends it for its memory. */
  def isYarnsLimit(reason: String): Boolean = reason.toLowerCase.contains("memory limit")

  private val kernelWords = Vector("oomkilled", "out of memory")

  def jobFailed(cause: Throwable): PlacementException =
    new PlacementException(
      s"The Spark job that places the Ray nodes failed: ${cause.getMessage} " +
        "Fix the cause, then start the cluster again.",
      cause
    )
}
