package org.rayonspark.supervision

import org.rayonspark.RayNode
import org.rayonspark.plan.NodePlan

import java.util.{List => JList, Map => JMap, Optional}
import scala.collection.JavaConverters._

/** Converts a cluster's state to what its users see. */
object ClusterView {

  /** Returns all nodes, the head first. */
  def nodes(state: ClusterState): JList[RayNode] =
    state.nodes.values.toVector.sortBy(_.index).map(node).asJava

  private def node(node: ClusterNode): RayNode = {
    def of[T](none: T)(some: NodePlan => T): T = node.plan.fold(none)(some)
    RayNode(
      rayNodeId = node.rayNodeId.getOrElse(""),
      role = node.role.toString,
      host = node.host,
      executorId = node.executorId,
      pid = node.pid.getOrElse(0L),
      cpus = of(0)(_.cpus),
      gpus = of(0.0)(_.gpus),
      memory = of(0L)(_.memory),
      objectStoreMemory = of(0L)(_.objectStoreMemory),
      state = node.state.name,
      restarts = node.incarnation,
      ports = of(Map.empty[String, Integer])(portsOf).asJava,
      logDirectory = of("")(_.logDirectory)
    )
  }

  private def portsOf(plan: NodePlan): Map[String, Integer] =
    plan.ports.map { case (port, number) => port.key -> Integer.valueOf(number) }

  /** Returns `RayCluster.failure`. */
  def failure(state: ClusterState): Optional[Throwable] = Optional.ofNullable(state.failure.orNull)

  /** Returns `RayCluster.addressInfo`. Only the head's host can, because it has the paths. */
  def addressInfo(state: ClusterState): JMap[String, String] =
    state.head
      .flatMap(head => head.plan.map(AddressInfo(_, node(head).rayNodeId)))
      .fold(
        Map.empty[String, String]
      )(_.entries)
      .asJava
}
