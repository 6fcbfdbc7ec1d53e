package org.rayonspark.plan

/**
 * Ray's temp directory. Ray makes it accessible to every user of the host (mode 0777), so it lies
 * inside the node's directory, which is private (mode 0700).
 */
object RayDirectory {

  // node_logs.py uses the same name. It is short because paths of sockets below it are limited.
  val name: String = "r"

  def of(nodeDirectory: String): String = s"$nodeDirectory/$name"
}
