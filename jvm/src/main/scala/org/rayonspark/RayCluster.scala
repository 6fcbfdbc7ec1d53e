package org.rayonspark

import org.apache.spark.sql.rayonspark.ArrowDecoder
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.rayonspark.data.{ArrowExport, ArrowImport, ExportOptions, ImportBlock, ImportQueue}
import org.rayonspark.supervision.{ClusterState, ClusterView}

import java.util.{List => JList, Map => JMap, Optional}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/**
 * A Ray cluster on the executors of a Spark application. It ends when [[stop]] is called, when the
 * application ends, or when the head fails. All methods may be called from any thread.
 *
 * {{{
 *   RayClusterSpec spec = RayClusterSpec.builder().numNodes(2).build();
 *   try (RayCluster cluster = RayCluster.start(spark, spec)) {
 *     cluster.address(); cluster.nodes();
 *   }
 * }}}
 */
// The JVM must be able to verify this class with another Scala's library: see RayClusterSpec.
final class RayCluster private[rayonspark] (runtime: ClusterRuntime) extends AutoCloseable {

  /** A short name of the cluster, unique in its application. */
  def id: String = current.id

  def state: RayClusterState = current.phase

  /**
   * Returns "host:port" of the cluster's GCS, for `ray.init(address=…)`; empty until the head is
   * planned.
   */
  def address: String = addressInfo.getOrDefault("address", "")

  /**
   * Returns the head's addresses and paths under the names of Ray's own `address_info`:
   * node_ip_address, address, gcs_address, redis_address, session_dir, object_store_address,
   * raylet_socket_name, webui_url (empty without a dashboard), metrics_export_port,
   * dashboard_agent_listen_port, node_id. Empty until the head is planned.
   */
  def addressInfo: JMap[String, String] = ClusterView.addressInfo(current)

  /** Returns a snapshot of all nodes, the head first. */
  def nodes: JList[RayNode] = ClusterView.nodes(current)

  /**
   * Returns the environment variables that another process on the driver's host needs to connect to
   * the cluster: address and token. Keep them secret.
   */
  def environment: JMap[String, String] =
    (runtime.clientEnvironment + ("RAY_ADDRESS" -> address)).asJava

  /**
   * Starts to move a DataFrame into the staging of the Ray nodes on its executors, as Arrow IPC
   * streams in memory. The caller must release each block after reading it, because staging memory
   * is limited.
   *
   * @throws InvalidSpecException
   *   if a column has no Arrow equivalent; thrown before any data moves
   * @throws ClusterStoppedException
   *   if the cluster is not running
   */
  def toArrow(df: DataFrame, options: ExportOptions): ArrowExport =
    ArrowExport.start(runtime.staging, df, options)

  def toArrow(df: DataFrame): ArrowExport = toArrow(df, ExportOptions.defaults)

  /** Returns a queue through which Spark reads the Datasets of one process. */
  private[rayonspark] def imports(): ImportQueue = new ImportQueue(runtime.staging)

  private[rayonspark] def fromArrow(
      queue: ImportQueue,
      schema: Array[Byte],
      blocks: Vector[ImportBlock]
  ): ArrowImport = ArrowDecoder.sparkSchema(schema) match {
    case Right(sparkSchema) => queue.start(sparkSchema, blocks)
    case Left((column, arrow)) =>
      throw new InvalidSpecException(
        s"""Column "$column" has type $arrow, which has no equivalent in this Spark. """ +
          "Cast it with Dataset.map_batches, or drop it."
      )
  }

  /**
   * Stops the cluster and releases all of its processes, directories and ports. Idempotent. Returns
   * when everything is gone, after 27 s at most: 2 s for connected clients to disconnect, 15 s for
   * the nodes to end, and 10 s for the driver's own resources. A failed cluster is already gone.
   *
   * @throws NodeFailedException
   *   if something is left after that time
   */
  def stop(): Unit = {
    runtime.requestStop()
    runtime.awaitReleased()
  }

  override def close(): Unit = stop()

  /** Returns the error that ended the cluster or is ending it; empty if there is none. */
  def failure: Optional[Throwable] = ClusterView.failure(current)

  /** Returns what the start is waiting for; empty when it waits for nothing. */
  private[rayonspark] def progress: String = runtime.progress

  /** Waits until the head is alive. Returns false after `limit`; throws what ended the start. */
  private[rayonspark] def awaitHead(limit: FiniteDuration): Boolean =
    awaitStart(limit)(_.head.exists(_.alive))

  /**
   * Waits until all nodes are alive. Returns false after `limit`; throws what ended the start.
   */
  private[rayonspark] def awaitRunning(limit: FiniteDuration): Boolean =
    awaitStart(limit)(_.phase == RayClusterState.RUNNING)

  /** Waits longer than the cluster's own start deadline, which ends the start first. */
  private def awaitRunning(): Unit =
    if (!awaitRunning(runtime.startLimit)) {
      // The cluster is still ending: for one that has ended, awaitStart throws the reason.
      stop()
      throw new ClusterStoppedException(
        s"The Ray cluster $id was stopped before it was ready. Start a new one."
      )
    }

  /** Waits until the cluster is about to end, or has ended. */
  private[rayonspark] def awaitEnding(limit: FiniteDuration): Boolean =
    runtime.loop.await(limit)(_.ending)

  private[rayonspark] def staging: data.Staging = runtime.staging

  private[rayonspark] def clients: supervision.Clients = runtime.clients

  private def awaitStart(limit: FiniteDuration)(reached: ClusterState => Boolean): Boolean = {
    runtime.loop.await(limit)(state => (reached(state) && !state.ending) || state.phase.isFinal)
    val now = current
    if (now.phase.isFinal) {
      val error = now.failure.getOrElse(
        new ClusterStoppedException(
          s"The Ray cluster ${now.id} was stopped before it was ready. Start a new one."
        )
      )
      try runtime.awaitReleased()
      catch { case e: Throwable => error.addSuppressed(e) }
      throw error
    }
    reached(now) && !now.ending
  }

  private def current: ClusterState = runtime.loop.state
}

object RayCluster {

  /**
   * Starts a cluster with the application's settings: by default, one node on each executor.
   *
   * @throws VersionMismatchException
   *   if the jar is for another Spark or Scala than the running one; otherwise as below
   */
  def start(spark: SparkSession): RayCluster = start(spark, RayClusterSpec.builder().build())

  /**
   * Starts a Ray cluster and waits until all its nodes are alive.
   *
   * @throws InvalidSpecException
   *   if the settings contradict each other or the application
   * @throws PlacementException
   *   if Spark cannot provide the executors
   * @throws StartTimeoutException
   *   if the start takes longer than start_timeout; nothing is left running
   */
  def start(spark: SparkSession, spec: RayClusterSpec): RayCluster = {
    val cluster = begin(spark, spec, None)
    try cluster.awaitRunning()
    catch {
      case error: Throwable =>
        try cluster.stop()
        catch { case e: Throwable => error.addSuppressed(e) }
        throw error
    }
    cluster
  }

  /**
   * Checks the request and starts the cluster in the background.
   *
   * @param headPython
   *   interpreter that runs the head if the field `python` is not set; None uses Spark's settings
   */
  private[rayonspark] def begin(
      spark: SparkSession,
      spec: RayClusterSpec,
      headPython: Option[String]
  ): RayCluster = new RayCluster(ClusterRuntime.begin(spark.sparkContext, spec, headPython))
}
