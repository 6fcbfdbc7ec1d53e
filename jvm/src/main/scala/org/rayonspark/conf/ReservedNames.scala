package org.rayonspark.conf

/**
 * Names that RayOnSpark sets itself and users may not set, each with the field to use instead.
 */
object ReservedNames {

  /** Options of `ray start`, which [[org.rayonspark.plan.RayCommand]] sets. */
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

  // Of these, the head has something only if there are no workers.
  private val ofWorkers: Set[String] = Set("--num-gpus", "--resources", "--labels")

  /** Environment variables of a node. */
  val variables: Map[String, Option[String]] = Map(
    "RAY_ADDRESS" -> None,
    "RAY_AUTH_MODE" -> Some("auth"),
    "RAY_AUTH_TOKEN" -> Some("auth"),
    "RAY_AUTH_TOKEN_PATH" -> Some("auth"),
    "RAY_USAGE_STATS_ENABLED" -> Some("usage_stats"),
    "RAY_OVERRIDE_RESOURCES" -> Some("resources"),
    "RAY_OVERRIDE_LABELS" -> Some("labels"),
    "AUTOSCALER_METRIC_PORT" -> Some("ports"),
    "DASHBOARD_METRIC_PORT" -> Some("ports"),
    "CUDA_VISIBLE_DEVICES" -> Some("gpus_per_node")
  )

  /** Ray's built-in resources. */
  val resources: Map[String, Option[String]] = Map(
    "CPU" -> Some("cpus_per_node"),
    "GPU" -> Some("gpus_per_node"),
    "memory" -> Some("memory"),
    "object_store_memory" -> Some("object_store_memory")
  )

  /** Rejects arguments that contain a reserved option, as `--opt value` or `--opt=value`. */
  def checkArguments(arguments: Vector[String]): Either[String, Vector[String]] =
    reject(optionsIn(arguments), options).toLeft(arguments)

  /** As [[checkArguments]], for the head, which does no work in a cluster with workers. */
  def checkHeadArguments(arguments: Vector[String]): Either[String, Vector[String]] = {
    def note(option: String): String =
      if (ofWorkers(option)) ", which counts for the head only if it is the only node" else ""
    reject(optionsIn(arguments), options, note).toLeft(arguments)
  }

  private def optionsIn(arguments: Vector[String]): Vector[String] =
    arguments.map(_.takeWhile(_ != '='))

  def checkVariables(names: Map[String, String]): Either[String, Map[String, String]] =
    names.keys.find(name => name.isEmpty || name.exists(c => c == '=' || c == '\u0000')) match {
      case Some(name) => Left(s"""no environment variable can have the name "$name"""")
      case None => reject(names.keys.toVector.sorted, variables).toLeft(names)
    }

  /** Rejects what cannot be a pattern of variables' names. */
  def checkPatterns(patterns: Vector[String]): Either[String, Vector[String]] =
    patterns.find(_.exists("=,".contains(_))) match {
      case Some(pattern) if pattern.contains('=') =>
        Left(s"$pattern has a value; set variables with env")
      case Some(pattern) => Left(s"$pattern has a comma; separate names by spaces")
      case None => Right(patterns)
    }

  def checkResources(names: Map[String, Double]): Either[String, Map[String, Double]] =
    reject(names.keys.toVector.sorted, resources).toLeft(names)

  private def reject(
      names: Vector[String],
      reserved: Map[String, Option[String]],
      note: String => String = _ => ""
  ): Option[String] =
    names.find(reserved.contains).map { name =>
      reserved(name) match {
        case Some(field) => s"$name is set by RayOnSpark; use $field instead${note(name)}"
        case None => s"$name is set by RayOnSpark and cannot be changed"
      }
    }
}
