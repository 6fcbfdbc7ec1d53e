package org.rayonspark.conf

/**
 * What RayOnSpark sets itself, so that nobody else may: each with the field to use in its place.
 */
object OwnedNames {

  /** Options of `ray start`; RayCommand gives them. */
  val options: Map[String, Option[String]] = Map(
    "--head" -> None,
    "--address" -> None,
    "--block" -> None,
    "--node-name" -> None,
    "--node-ip-address" -> None,
    "--temp-dir" -> Some("temp_dir"),
    "--num-cpus" -> Some("cpus_per_node or head_cpus"),
    "--num-gpus" -> Some("gpus_per_node"),
    "--memory" -> Some("memory"),
    "--object-store-memory" -> Some("object_store_memory"),
    "--object-spilling-directory" -> Some("spill_dir"),
    "--resources" -> Some("resources"),
    "--labels" -> Some("labels"),
    "--labels-file" -> Some("labels"),
    "--include-dashboard" -> Some("dashboard"),
    "--dashboard-host" -> Some("dashboard_host"),
    "--dashboard-port" -> Some("dashboard_port"),
    "--port" -> Some("ports"),
    "--ray-client-server-port" -> Some("ports"),
    "--node-manager-port" -> Some("ports"),
    "--object-manager-port" -> Some("ports"),
    "--dashboard-agent-listen-port" -> Some("ports"),
    "--dashboard-agent-grpc-port" -> Some("ports"),
    "--runtime-env-agent-port" -> Some("ports"),
    "--metrics-export-port" -> Some("ports"),
    "--min-worker-port" -> Some("ports"),
    "--max-worker-port" -> Some("ports"),
    "--worker-port-list" -> Some("ports")
  )

  /** Environment variables of a node. */
  val variables: Map[String, Option[String]] = Map(
    "RAY_ADDRESS" -> None,
    "RAY_AUTH_MODE" -> Some("auth"),
    "RAY_AUTH_TOKEN" -> Some("auth"),
    "RAY_AUTH_TOKEN_PATH" -> Some("auth"),
    "RAY_OVERRIDE_RESOURCES" -> Some("resources"),
    "RAY_OVERRIDE_LABELS" -> Some("labels"),
    "AUTOSCALER_METRIC_PORT" -> Some("ports"),
    "DASHBOARD_METRIC_PORT" -> Some("ports"),
    "CUDA_VISIBLE_DEVICES" -> Some("gpus_per_node")
  )

  /** What Ray counts by itself. */
  val resources: Map[String, Option[String]] = Map(
    "CPU" -> Some("cpus_per_node"),
    "GPU" -> Some("gpus_per_node"),
    "memory" -> Some("memory"),
    "object_store_memory" -> Some("object_store_memory")
  )

  /** Refuses arguments that hold one of our options, written as `--opt value` or `--opt=value`. */
  def checkArguments(arguments: Vector[String]): Either[String, Vector[String]] =
    refuse(arguments.map(_.takeWhile(_ != '=')), options).toLeft(arguments)

  def checkVariables(names: Map[String, String]): Either[String, Map[String, String]] =
    names.keys.find(name => name.isEmpty || name.exists(c => c == '=' || c == '\u0000')) match {
      case Some(name) => Left(s"""no environment variable can have the name "$name"""")
      case None => refuse(names.keys.toVector.sorted, variables).toLeft(names)
    }

  def checkResources(names: Map[String, Double]): Either[String, Map[String, Double]] =
    refuse(names.keys.toVector.sorted, resources).toLeft(names)

  private def refuse(names: Vector[String], owned: Map[String, Option[String]]): Option[String] =
    names.find(owned.contains).map { name =>
      owned(name) match {
        case Some(field) => s"$name is set by RayOnSpark; give $field in its place"
        case None => s"$name is set by RayOnSpark and cannot be changed"
      }
    }
}
