package org.rayonspark.supervision

import org.rayonspark.conf.RayPort
import org.rayonspark.plan.{NodePlan, RayDirectory}

import java.nio.file.{Files, Path, Paths}

/** The head's addresses and paths under the names of Ray's own `address_info`. */
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

  /** Ray names its session directory after the time and a process id, and keeps a link to it. */
  private def sessionDirectory: Path = {
    val link = Paths.get(RayDirectory.of(head.directory), "session_latest")
    if (Files.exists(link)) link.toRealPath() else link
  }
}
