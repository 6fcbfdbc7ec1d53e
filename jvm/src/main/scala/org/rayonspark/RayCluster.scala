package org.rayonspark

import org.apache.spark.sql.rayonspark.ArrowDecoder
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.rayonspark.data.{ArrowExport, ArrowImport, ExportOptions, ImportBlock}
import org.rayonspark.watch.{ClusterEvent, ClusterState, ClusterView}

import java.util.{List => JList, Map => JMap}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._

/**
 * A Ray cluster on the executors of a Spark application. It ends with [[stop]], with the
 * application, or when its head fails. All methods may be called from any thread.
 *
 * {{{
 *   try (RayCluster cluster = RayCluster.start(spark, RayClusterSpec.builder().numNodes(2).build())) {
 *     cluster.address(); cluster.nodes();
 *   }
 * }}}
 */
final class RayCluster private[rayonspark] (running: ClusterRun) extends AutoCloseable {

  /** Short name of the cluster, unique in its application. */
  def id: String = current.id

  def state: RayClusterState = current.phase

  /**
   * "host:port" of the cluster's GCS: what `ray.init(address=…)` takes; empty until it is planned.
   */
  def address: String = addressInfo.getOrDefault("address", "")

  /**
   * Where the head is, under the names that Ray's own `address_info` has: node_ip_address, address,
   * gcs_address, redis_address, session_dir, object_store_address, raylet_socket_name, webui_url
   * (empty when the dashboard is off), metrics_export_port, dashboard_agent_listen_port, node_id.
   */
  def addressInfo: JMap[String, String] = ClusterView.addressInfo(current)

  /** The nodes as they are now, the head first. */
  def nodes: JList[RayNode] = ClusterView.nodes(current)

  /**
   * The environment with which another process on the driver's host reaches the cluster: address
   * and token. It is a secret.
   */
  def environment: JMap[String, String] =
    (running.clientEnvironment + ("RAY_ADDRESS" -> address)).asJava

  /**
   * Begins to move a DataFrame beside the Ray nodes of its executors, as Arrow IPC streams in
   * memory. The caller takes the blocks, and releases each when it has read it: staging holds a
   * bounded number of them.
   *
   * @throws InvalidSpecException
   *   when a column has no image in Arrow, before any data moves
   * @throws ClusterStoppedException
   *   when the cluster does not run
   */
  def toArrow(df: DataFrame, options: ExportOptions): ArrowExport =
    ArrowExport.start(running.staging, df, options)

  def toArrow(df: DataFrame): ArrowExport = toArrow(df, ExportOptions.defaults)

  private[rayonspark] def fromArrow(
      schema: Array[Byte],
      blocks: Vector[ImportBlock]
  ): ArrowImport = ArrowDecoder.sparkSchema(schema) match {
    case Right(known) => ArrowImport.start(running.staging, known, blocks)
    case Left((column, arrow)) =>
      throw new InvalidSpecException(
        s"""Column "$column" has type $arrow, which has no image in this Spark. Cast it with """ +
          "Dataset.map_batches, or drop it."
      )
  }

  /**
   * Ends the cluster: every process, directory and port of it. Idempotent; returns when all of it
   * is gone, in seconds. A failed cluster is already gone.
   */
  def stop(): Unit = {
    running.loop.post(ClusterEvent.StopAsked)
    running.awaitReleased()
  }

  override def close(): Unit = stop()

  /** What the start waits for; empty when it waits for nothing. */
  private[rayonspark] def progress: String = current.progress

  /** Waits until the head is alive. False when `limit` has passed; throws what ended the start. */
  private[rayonspark] def awaitHead(limit: FiniteDuration): Boolean =
    awaitStart(limit)(_.head.exists(_.alive))

  /**
   * Waits until all nodes are alive. False when `limit` has passed; throws what ended the start.
   */
  private[rayonspark] def awaitRunning(limit: FiniteDuration): Boolean =
    awaitStart(limit)(_.phase == RayClusterState.RUNNING)

  /** Waits until the cluster is about to end, or has ended. */
  private[rayonspark] def awaitEnding(limit: FiniteDuration): Boolean =
    running.loop.await(limit)(_.ending)

  private[rayonspark] def staging: data.Staging = running.staging

  private[rayonspark] def clients: watch.Clients = running.clients

  private def awaitStart(limit: FiniteDuration)(reached: ClusterState => Boolean): Boolean = {
    running.loop.await(limit)(state => (reached(state) && !state.ending) || state.phase.isFinal)
    val now = current
    if (now.phase.isFinal) {
      running.awaitReleased()
      throw now.failure.getOrElse(
        new ClusterStoppedException(
          s"The Ray cluster ${now.id} was stopped before it was ready. Start a new one."
        )
      )
    }
    reached(now) && !now.ending
  }

  private def current: ClusterState = running.loop.state
}

object RayCluster {

  /** How long a call waits for the cluster's own deadline, which always comes first. */
  private val forever = 1.day

  /**
   * Starts a cluster with the settings of the application: one node on each executor by default.
   */
  def start(spark: SparkSession): RayCluster = start(spark, RayClusterSpec.builder().build())

  /**
   * Starts a Ray cluster and waits until all its nodes are alive.
   *
   * @throws InvalidSpecException
   *   when the settings contradict themselves or the application
   * @throws PlacementException
   *   when Spark cannot give the executors
   * @throws StartTimeoutException
   *   when it took longer than start_timeout; nothing is left then
   */
  def start(spark: SparkSession, spec: RayClusterSpec): RayCluster = {
    val cluster = begin(spark, spec, None)
    cluster.awaitRunning(forever)
    cluster
  }

  /**
   * Checks the request and starts in the background.
   *
   * @param headPython
   *   what runs the head where the field `python` is not given; None takes what Spark says
   */
  private[rayonspark] def begin(
      spark: SparkSession,
      spec: RayClusterSpec,
      headPython: Option[String]
  ): RayCluster = new RayCluster(ClusterRun.begin(spark.sparkContext, spec, headPython))
}
