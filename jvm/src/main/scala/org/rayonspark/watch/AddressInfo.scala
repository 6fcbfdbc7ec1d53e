package org.rayonspark.watch

import org.rayonspark.conf.RayPort
import org.rayonspark.plan.NodePlan

import java.nio.file.{Files, Path, Paths}

/** Where the head is, under the names that Ray's own `address_info` has. */
final case class AddressInfo(head: NodePlan, rayNodeId: String) {

  def entries: Map[String, String] = {
    val session = sessionDirectory
    Map(
      "node_ip_address" -> head.host,
      "address" -> head.gcsAddress,
      "gcs_address" -> head.gcsAddress,
      "redis_address" -> head.gcsAddress,
      "session_dir" -> session.toString,
      "object_store_address" -> session.resolve("sockets/plasma_store").toString,
      "raylet_socket_name" -> session.resolve("sockets/raylet").toString,
      "webui_url" -> head.dashboardHost.fold("")(host => s"$host:${head.ports(RayPort.Dashboard)}"),
      "metrics_export_port" -> head.ports(RayPort.MetricsExport).toString,
      "dashboard_agent_listen_port" -> head.ports(RayPort.AgentHttp).toString,
      "node_id" -> rayNodeId
    )
  }

  /** Ray names its session after the time and a pid, and links to it. */
  private def sessionDirectory: Path = {
    val link = Paths.get(head.directory, "session_latest")
    if (Files.exists(link)) link.toRealPath() else link
  }
}
