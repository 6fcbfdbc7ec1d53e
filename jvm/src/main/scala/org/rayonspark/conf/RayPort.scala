package org.rayonspark.conf

/**
 * A port on which a Ray node listens. RayOnSpark chooses all of them: a node that gets every port
 * number starts in about half the time, and nodes on the same host do not collide.
 *
 * @param key
 *   its name in the `ports` setting
 * @param headOnly
 *   whether only the head has it
 */
sealed abstract class RayPort(val key: String, val headOnly: Boolean)
    extends Product
    with Serializable {

  /**
   * Whether nothing listens there unless the `ports` setting gives its number. Not a parameter with
   * a default: that would be a call on the companion, which is made of these objects.
   */
  def onRequest: Boolean = false
}

object RayPort {
  case object Gcs extends RayPort("gcs", headOnly = true)
  case object ClientServer extends RayPort("client_server", headOnly = true) {
    override def onRequest: Boolean = true
  }
  case object Dashboard extends RayPort("dashboard", headOnly = true)
  case object AutoscalerMetrics extends RayPort("autoscaler_metrics", headOnly = true)
  case object DashboardMetrics extends RayPort("dashboard_metrics", headOnly = true)
  case object NodeManager extends RayPort("node_manager", headOnly = false)
  case object ObjectManager extends RayPort("object_manager", headOnly = false)
  case object AgentHttp extends RayPort("agent_http", headOnly = false)
  case object AgentGrpc extends RayPort("agent_grpc", headOnly = false)
  case object RuntimeEnvAgent extends RayPort("runtime_env_agent", headOnly = false)
  case object MetricsExport extends RayPort("metrics_export", headOnly = false)

  val all: Vector[RayPort] = Vector(
    Gcs,
    ClientServer,
    Dashboard,
    AutoscalerMetrics,
    DashboardMetrics,
    NodeManager,
    ObjectManager,
    AgentHttp,
    AgentGrpc,
    RuntimeEnvAgent,
    MetricsExport
  )
}
