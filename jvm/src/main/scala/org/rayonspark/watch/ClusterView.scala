package org.rayonspark.watch

import org.rayonspark.RayNode
import org.rayonspark.plan.NodePlan

import java.util.{List => JList, Map => JMap}
import scala.jdk.CollectionConverters._

/** A cluster's state as its users see it. */
object ClusterView {

  /** The nodes, the head first. */
  def nodes(state: ClusterState): JList[RayNode] =
    state.members.values.toVector.sortBy(_.index).map(node).asJava

  private def node(member: Member): RayNode = {
    def of[T](none: T)(some: NodePlan => T): T = member.plan.fold(none)(some)
    RayNode(
      rayNodeId = member.rayNodeId.getOrElse(""),
      role = member.role.toString,
      host = member.host,
      executorId = member.executorId,
      pid = member.pid.getOrElse(0L),
      cpus = of(0)(_.cpus),
      gpus = of(0.0)(_.gpus),
      memory = of(0L)(_.memory),
      objectStoreMemory = of(0L)(_.objectStoreMemory),
      state = member.stage.name,
      restarts = member.incarnation,
      ports = of(Map.empty[String, Integer])(portsOf).asJava,
      logDirectory = of("")(_.logDirectory)
    )
  }

  private def portsOf(plan: NodePlan): Map[String, Integer] =
    plan.ports.map { case (port, number) => port.key -> Integer.valueOf(number) }

  /** What `RayCluster.addressInfo` answers. Only the head's host can say it: paths are on it. */
  def addressInfo(state: ClusterState): JMap[String, String] =
    state.head
      .flatMap(head => head.plan.map(AddressInfo(_, node(head).rayNodeId)))
      .fold(
        Map.empty[String, String]
      )(_.entries)
      .asJava
}
