package org.rayonspark.plan

import org.rayonspark.conf.{FlatJson, RayPort}

/**
 * The `ray start` that makes a plan true: a sequence of arguments, never a string, and the
 * environment variables that only an environment can set.
 */
final case class RayCommand(arguments: Vector[String], environment: Map[String, String])

object RayCommand {

  // Ray's own choice for its client server.
  private val firstUnused: Int = 10001

  /** The arguments are what follows `ray`; [[org.rayonspark.conf.OwnedNames]] lists all options. */
  def of(plan: NodePlan): RayCommand = {
    val role = plan.role match {
      case NodeRole.Head => "--head" +: headOptions(plan)
      case NodeRole.Worker => s"--address=${plan.gcsAddress}" +: workerOptions(plan)
    }
    RayCommand(
      Vector("start", "--block") ++ role ++ options(plan) ++ portOptions(plan) ++ plan.extraArgs,
      environment(plan)
    )
  }

  private def options(plan: NodePlan): Vector[String] = Vector(
    s"--node-name=${plan.name}",
    s"--node-ip-address=${plan.host}",
    s"--temp-dir=${plan.directory}",
    s"--num-cpus=${plan.cpus}",
    s"--num-gpus=${plan.gpus.toInt}",
    s"--memory=${plan.memory}",
    s"--object-store-memory=${plan.objectStoreMemory}",
    s"--resources=${FlatJson.write(plan.resources)}",
    s"--labels=${plan.labels.toVector.sorted.map { case (k, v) => s"$k=$v" }.mkString(",")}"
    // Ray makes the last directory writable for everybody; the one above it is private.
  ) ++ plan.spillDirectory.map(directory => s"--object-spilling-directory=$directory/objects")

  /**
   * `--include-dashboard=true` is never said: it would make a missing or broken dashboard the end
   * of the head. Without it Ray starts the dashboard where it is installed.
   */
  private def headOptions(plan: NodePlan): Vector[String] = plan.dashboardHost match {
    case Some(host) => Vector(s"--dashboard-host=$host")
    case None => Vector("--include-dashboard=false")
  }

  /**
   * Workers have neither a client server nor a dashboard, but Ray reserves the default ports of
   * both and refuses to start when another of the node's ports is one of them. The client server's
   * must be a real port, so it gets one that the node does not use.
   */
  private def workerOptions(plan: NodePlan): Vector[String] = {
    val taken = plan.ports.values.toSet
    val unused = Iterator
      .from(firstUnused)
      .find(port => !taken(port) && !plan.workerPorts.exists(_.contains(port)))
    Vector("--dashboard-port=0") ++ unused.map(port => s"--ray-client-server-port=$port")
  }

  private def portOptions(plan: NodePlan): Vector[String] = {
    val ports = RayPort.all.flatMap { port =>
      for (option <- option(port); number <- plan.ports.get(port)) yield s"$option=$number"
    }
    val (first, last) = plan.workerPorts.fold((0, 0))(range => (range.head, range.last))
    ports ++ Vector(s"--min-worker-port=$first", s"--max-worker-port=$last")
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
    // 0: our nodes end with their cluster, where nobody is left to drain to.
    ports ++ Map("RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S" -> "0") ++
      gpus.map("CUDA_VISIBLE_DEVICES" -> _) ++ path.map("PYTHONPATH" -> _)
  }
}
