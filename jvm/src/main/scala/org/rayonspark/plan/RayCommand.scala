package org.rayonspark.plan

import org.rayonspark.conf.{FlatJson, RayPort}

/**
 * The `ray start` command of a plan: its arguments, which no shell parses, and the environment
 * variables for what has no option.
 */
final case class RayCommand(arguments: Vector[String], environment: Map[String, String])

object RayCommand {

  // Ray's default port of its client server.
  private val firstUnused: Int = 10001

  /**
   * Returns the command of a plan. The arguments are those after `ray`;
   * [[org.rayonspark.conf.ReservedNames]] lists every option that is used here.
   */
  def of(plan: NodePlan): RayCommand = {
    val role = plan.role match {
      case NodeRole.Head => "--head" +: headOptions(plan)
      case NodeRole.Worker => s"--address=${plan.gcsAddress}" +: workerOptions
    }
    RayCommand(
      Vector("start", "--block") ++ role ++ options(plan) ++ portOptions(plan) ++ plan.extraArgs,
      environment(plan)
    )
  }

  private def options(plan: NodePlan): Vector[String] = Vector(
    s"--node-name=${plan.name}",
    s"--node-ip-address=${plan.host}",
    s"--temp-dir=${RayDirectory.of(plan.directory)}",
    s"--num-cpus=${plan.cpus}",
    s"--num-gpus=${plan.gpus.toInt}",
    s"--memory=${plan.memory}",
    s"--object-store-memory=${plan.objectStoreMemory}",
    s"--resources=${FlatJson.write(plan.resources)}",
    s"--labels=${plan.labels.toVector.sorted.map { case (k, v) => s"$k=$v" }.mkString(",")}"
    // Ray makes the last directory world-writable; its parent is private.
  ) ++ plan.spillDirectory.map(directory => s"--object-spilling-directory=$directory/objects")

  /**
   * Never passes `--include-dashboard=true`, because a missing or broken dashboard would then end
   * the head. By default Ray starts the dashboard if it is installed.
   */
  private def headOptions(plan: NodePlan): Vector[String] = plan.dashboardHost match {
    case Some(host) => Vector(s"--dashboard-host=$host")
    case None => Vector("--include-dashboard=false")
  }

  /** Workers have no dashboard, but Ray reserves its default port unless it gets another one. */
  private def workerOptions: Vector[String] = Vector("--dashboard-port=0")

  /**
   * Ray reserves the default port of the client server on every node, and refuses to start if the
   * node uses it for something else. A node without a client server therefore gets a port number
   * that it does not use; Ray accepts no 0 here.
   */
  private def unusedClientServerPort(plan: NodePlan): Option[String] = {
    val taken = plan.ports.values.toSet
    Iterator
      .from(firstUnused)
      .find(port => !taken(port) && !plan.workerPorts.exists(_.contains(port)))
      .filterNot(_ => plan.ports.contains(RayPort.ClientServer))
      .map(port => s"--ray-client-server-port=$port")
  }

  private def portOptions(plan: NodePlan): Vector[String] = {
    val ports = RayPort.all.flatMap { port =>
      for (option <- option(port); number <- plan.ports.get(port)) yield s"$option=$number"
    }
    val (first, last) = plan.workerPorts.fold((0, 0))(range => (range.head, range.last))
    ports ++ unusedClientServerPort(plan) ++ Vector(
      s"--min-worker-port=$first",
      s"--max-worker-port=$last"
    )
  }

  private def option(port: RayPort): Option[String] = port match {
    case RayPort.Gcs => Some("--port")
    case RayPort.ClientServer => Some("--ray-client-server-port")
    case RayPort.Dashboard => Some("--dashboard-port")
    case RayPort.NodeManager => Some("--node-manager-port")
    case RayPort.ObjectManager => Some("--object-manager-port")
    case RayPort.AgentHttp => Some("--dashboard-agent-listen-port")
    case RayPort.AgentGrpc => Some("--dashboard-agent-grpc-port")
    case RayPort.RuntimeEnvAgent => Some("--runtime-env-agent-port")
    case RayPort.MetricsExport => Some("--metrics-export-port")
    case RayPort.AutoscalerMetrics | RayPort.DashboardMetrics => None
  }

  private def environment(plan: NodePlan): Map[String, String] = {
    val ports = Map(
      "AUTOSCALER_METRIC_PORT" -> RayPort.AutoscalerMetrics,
      "DASHBOARD_METRIC_PORT" -> RayPort.DashboardMetrics
    ).flatMap { case (name, port) => plan.ports.get(port).map(name -> _.toString) }
    val gpus = Option.when(plan.gpuAddresses.nonEmpty)(plan.gpuAddresses.mkString(","))
    val path = Option.when(plan.pythonPath.nonEmpty)(plan.pythonPath.mkString(":"))
    // 0: nodes end together with their cluster, so there is no node left to drain to.
    ports ++ Map("RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S" -> "0") ++
      gpus.map("CUDA_VISIBLE_DEVICES" -> _) ++ path.map("PYTHONPATH" -> _)
  }
}
