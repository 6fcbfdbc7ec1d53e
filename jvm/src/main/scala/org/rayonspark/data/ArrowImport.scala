package org.rayonspark.data

import org.apache.spark.sql.types.StructType
import org.rayonspark.{ClusterStoppedException, ExchangeException, RayOnSparkException}
import org.rayonspark.rpc.DriverEndpoint

import java.util.concurrent.atomic.{AtomicInteger, AtomicLong}

/**
 * A Ray Dataset that Spark reads. Its blocks are staged next to executors when readers ask for
 * them, and stay there until other data needs the memory. All methods may be called from any
 * thread.
 *
 * {{{
 *   reader ──Fetch──► endpoint ──request──► process with the Dataset: a Ray task writes the file
 *          ◄──At────          ◄──staged───
 *          ──Done──►          (the file may be evicted when other data needs the memory)
 * }}}
 */
final class ArrowImport private (
    staging: Staging,
    listener: ImportListener,
    val id: String,
    val schema: StructType,
    val blocks: Vector[ImportBlock]
) extends AutoCloseable {

  /** Name of the endpoint that serves the readers. */
  val endpoint: String = s"${DriverEndpoint.endpointName(staging.clusterId)}-$id"

  private val holders = new AtomicInteger
  private val tracker = new ImportTracker
  private val files = new StagedFiles(staging, tracker, blocks, id, () => notifyListener())

  /**
   * Where to read each block: next to the Ray node that stores it, otherwise spread over all
   * locations.
   */
  val preferredLocations: Vector[StagingLocation] = {
    val all = staging.locations
    val locations = if (all.size > 1) all.filter(_.executorId != "driver") else all
    blocks.zipWithIndex.map { case (block, i) =>
      locations.find(_.rayNodeId == block.rayNodeId).getOrElse(locations(i % locations.size))
    }
  }

  private val requests = new ImportEndpoint(staging, tracker, files, blocks, preferredLocations)
  private val server = staging.transport.serve(endpoint, requests.answer)
  private val evictor = staging.pool.addEvictor(files.evict)
  private val endCallback = staging.whenEnding(() => end(ArrowImport.stopped(staging.clusterId)))

  private def notifyListener(): Unit = listener.blockRequested(id, () => tracker.change(_.take))

  /** Whether the frame is over, so that it cannot be read any more. */
  def released: Boolean = tracker.state.over.isDefined

  /** Throws the reason if the frame cannot be read any more. */
  def require(): Unit = tracker.state.over.foreach(throw _)

  /** Reports that the file of a request is written and has this many bytes. */
  def staged(path: String, bytes: Long): Unit = files.staged(path, bytes)

  /** Reports that the file of a request will not be written; its readers get `why`. */
  def failed(path: String, why: String): Unit = files.failed(path, why)

  /**
   * Requests the first blocks before there are readers, as many as fit into half of the staging.
   * Call it once the receiver of the requests knows this frame.
   */
  def begin(): Unit = {
    require()
    val limits = staging.locations.map(p => p.executorId -> p.limit / 2).toMap
    preferredLocations.zipWithIndex.foldLeft(Map.empty[String, Long]) {
      case (used, (preferred, i)) =>
        val bytes = used.getOrElse(preferred.executorId, 0L) + blocks(i).bytes
        val fits = limits.get(preferred.executorId).exists(bytes <= _)
        if (fits) files.want(i, preferred, None)
        used.updated(preferred.executorId, if (fits) bytes else Long.MaxValue / 2)
    }
    ()
  }

  /**
   * Returns rows, bytes and blocks of the Dataset; read_bytes, the bytes that were read so far; and
   * local_bytes, those of them that did not cross hosts.
   */
  def report: Map[String, Double] = {
    val read = tracker.state.reading
    Map(
      "rows" -> blocks.map(_.rows).sum.toDouble,
      "bytes" -> blocks.map(_.bytes).sum.toDouble,
      "blocks" -> blocks.size.toDouble,
      "read_bytes" -> read.bytes.toDouble,
      "local_bytes" -> read.localBytes.toDouble
    )
  }

  /** Adds a reference to the frame, until [[release]] drops it. */
  def retain(): Unit = {
    holders.incrementAndGet()
    ()
  }

  /** Drops a reference. The last one closes the frame. */
  def release(): Unit = if (holders.decrementAndGet() == 0) {
    close()
    server.close()
  }

  /** Releases the frame and deletes its staged files. Idempotent. */
  override def close(): Unit = end(ArrowImport.released(id))

  /**
   * Ends the frame because its blocks cannot be written any more; readers get `why`. Idempotent:
   * the first reason stays.
   */
  def fail(why: RayOnSparkException): Unit = end(why)

  private def end(why: RayOnSparkException): Unit = if (files.end(why)) {
    // Null if the cluster ends during this constructor.
    Option(endCallback).foreach(_.close())
    evictor.close()
    // While a plan refers to the frame, the endpoint stays open, so that tasks get the reason.
    if (holders.get == 0) server.close()
    ArrowImport.forget(id)
    listener.frameReleased(id)
  }
}

object ArrowImport {
  private val count = new AtomicLong
  private val open = new java.util.concurrent.ConcurrentHashMap[String, ArrowImport]

  private[data] def start(
      staging: Staging,
      listener: ImportListener,
      schema: StructType,
      blocks: Vector[ImportBlock]
  ): ArrowImport = {
    staging.require()
    val id = s"import-${staging.clusterId}-${count.incrementAndGet()}"
    val created = new ArrowImport(staging, listener, id, schema, blocks)
    open.put(id, created)
    // The cluster may have ended before the put.
    if (created.released) forget(id)
    created
  }

  /**
   * Returns the frame with that id, on the driver.
   *
   * @throws ExchangeException
   *   when there is no such frame, or it has been released
   */
  def find(id: String): ArrowImport = Option(open.get(id)).getOrElse(
    throw new ExchangeException(
      s"""There is no frame "$id" from Ray, or it has been released. Call to_spark again."""
    )
  )

  private def forget(id: String): Unit = {
    open.remove(id)
    ()
  }

  private def released(id: String): RayOnSparkException = new ExchangeException(
    s"""The frame "$id" from Ray has been released. Call to_spark again."""
  )

  private def stopped(clusterId: String): RayOnSparkException = new ClusterStoppedException(
    s"Ray cluster $clusterId has stopped, and the Dataset is lost with it. Start a new cluster, " +
      "or cache the DataFrame before you stop the cluster."
  )
}
