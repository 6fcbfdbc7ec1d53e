package org.rayonspark.supervision

import org.rayonspark.conf.PortPolicy
import org.rayonspark.plan.NodeRole
import org.rayonspark.rpc.LaunchContext

/**
 * The part of the launch context that is the same for all nodes of a cluster.
 *
 * @param driverCores
 *   task slots of the driver's own JVM: the head's cores in local mode, else 0
 * @param headPython
 *   interpreter on the driver's host, whose path may differ from the executors'
 * @param environment
 *   the user's variables and the cluster's token; left out of `toString`
 * @param inherit
 *   patterns of the variables that a node inherits
 */
final case class LaunchTemplate(
    driverCores: Int,
    headPython: String,
    python: String,
    environment: Map[String, String],
    inherit: Vector[String],
    ports: PortPolicy,
    tempDirectory: String,
    logDirectory: Option[String]
) {
  def context(node: ClusterNode, head: Option[String], cores: Int): LaunchContext =
    LaunchContext(
      incarnation = node.incarnation,
      role = node.role,
      cores = cores,
      python = if (node.role == NodeRole.Head) headPython else python,
      environment = environment,
      inherit = inherit,
      ports = ports,
      tempDirectory = tempDirectory,
      logDirectory = logDirectory,
      head = head
    )

  override def toString: String = s"LaunchTemplate($headPython, $python)"
}
