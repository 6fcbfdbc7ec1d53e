package org.rayonspark.node

/** What a node's process says of itself, in the order in which it happens. */
sealed trait NodeEvent extends Product with Serializable

object NodeEvent {

  /**
   * The interpreter is up and waits for its plan.
   *
   * @param ray
   *   version of the Ray that it would import; None where it has none
   */
  final case class Hello(pid: Long, python: String, ray: Option[String]) extends NodeEvent

  /** GCS lists a node of the cluster as alive, or as dead. Only the head says this. */
  final case class NodeSeen(name: String, rayNodeId: String, alive: Boolean) extends NodeEvent

  /**
   * The kernel killed a process in the control group of the node's executor for want of memory.
   *
   * @param limit
   *   the group's own, in bytes
   */
  final case class OutOfMemory(limit: Long) extends NodeEvent

  /**
   * The node is gone: its whole process tree has ended and its directory is removed. Always last.
   */
  final case class Exited(exit: NodeExit) extends NodeEvent
}
