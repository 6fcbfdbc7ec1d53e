package org.rayonspark.node

/** An event that a node's process reports. Events arrive in the order in which they happen. */
sealed trait NodeEvent extends Product with Serializable

object NodeEvent {

  /**
   * The interpreter runs and waits for its launch.
   *
   * @param ray
   *   version of the Ray that it would import; None if it has no Ray
   * @param dashboard
   *   whether it has the packages of Ray's dashboard
   */
  final case class Hello(pid: Long, python: String, ray: Option[String], dashboard: Boolean)
      extends NodeEvent

  /** GCS lists a node of the cluster as alive or as dead. Only the head reports this. */
  final case class NodeSeen(name: String, rayNodeId: String, alive: Boolean) extends NodeEvent

  /**
   * The kernel killed a process in the control group of the node's executor for lack of memory.
   *
   * @param limit
   *   the group's memory limit in bytes
   */
  final case class OutOfMemory(limit: Long) extends NodeEvent

  /**
   * The node is gone: its whole process tree has ended and its directory is removed. This is always
   * the last event.
   */
  final case class Exited(exit: NodeExit) extends NodeEvent
}
