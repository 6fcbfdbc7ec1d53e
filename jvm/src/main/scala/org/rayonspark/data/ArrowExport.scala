package org.rayonspark.data

import org.apache.spark.TaskContext
import org.apache.spark.internal.Logging
import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.rayonspark.{ArrowEncoder, ArrowFrame, ArrowRows}
import org.rayonspark.{
  ClusterStoppedException,
  ExchangeException,
  InvalidSpecException,
  RayOnSparkException
}
import org.rayonspark.rpc.DriverEndpoint
import org.rayonspark.threads.Daemon

import java.lang.{Double => JDouble}
import java.time.Duration
import java.util.{List => JList, Map => JMap}
import java.util.concurrent.atomic.AtomicLong
import scala.concurrent.duration.{DurationLong, FiniteDuration}
import scala.collection.JavaConverters._

/**
 * A running transfer of a DataFrame to Ray. A Spark job encodes the partitions into staging; the
 * caller fetches the blocks while the job runs, and releases each one once it is loaded. All
 * methods may be called from any thread.
 *
 * {{{
 *   tasks ──Reserve, Written──► endpoint ──► tracker ──next───► caller
 *         ◄──Granted───────────                      ◄─release─
 * }}}
 */
final class ArrowExport private (staging: Staging, frame: ArrowFrame, task: ExportTask)
    extends AutoCloseable
    with Logging {
  private val startNanos = System.nanoTime
  private val tracker = new ExportTracker
  private val reservations = new ExportReservations(staging.pool)
  private val endpoint = new ExportEndpoint(staging, tracker, reservations)
  private val server = staging.transport.serve(task.endpoint, endpoint.answer)
  private val endCallback = staging.whenEnding(() => fail(ArrowExport.stopped(staging.clusterId)))
  private val thread = Daemon(task.endpoint)(encodeAll())
  // If the jar was added to a live session, only its own class loader finds its classes.
  thread.setContextClassLoader(getClass.getClassLoader)

  @volatile private var encoded = Option.empty[FiniteDuration]

  /** Returns the Arrow schema as an IPC message. */
  def schema: Array[Byte] = ArrowEncoder.schemaMessage(task.schema, task.timeZone)

  /**
   * Waits for blocks that are ready, and returns each of them once. The caller must release every
   * block that it has loaded, and recompute every block that was lost before that; the export is
   * not finished until then.
   *
   * @return
   *   empty when `limit` has passed, or when the export is finished
   * @throws ExchangeException
   *   when the job failed or was cancelled, or this export is closed
   * @throws ClusterStoppedException
   *   when the cluster ended
   */
  def next(limit: Duration): JList[StagedBlock] = take(limit.toNanos.nanos).asJava

  private[rayonspark] def take(limit: FiniteDuration): Vector[StagedBlock] = {
    dropLost()
    tracker.next(BlockReader.Load, limit)
  }

  /** Whether all partitions are encoded and every block has been released. */
  def finished: Boolean = tracker.finished

  /** Releases a block that is loaded. Its file is deleted once no reader needs it. */
  def release(block: StagedBlock): Unit = release(Vector(block.id))

  private[rayonspark] def release(ids: Vector[Long]): Unit =
    discard(tracker.drop(_.release(BlockReader.Load, ids)))

  /**
   * Requests a new copy of a block whose file was lost. Spark computes it from its lineage, and
   * `next` returns it.
   *
   * @throws ExchangeException
   *   when the job failed or was cancelled, or this export is closed
   */
  def recompute(block: StagedBlock): Unit = recompute(block.id, block.path)

  /** Former name of [[recompute]]. */
  @deprecated("Use recompute.", "0.1.0")
  def want(block: StagedBlock): Unit = recompute(block)

  private[rayonspark] def recompute(id: Long, gone: String): Unit =
    discard(tracker.want(BlockReader.Load, id, gone).toVector)

  /** Like `recompute`, for a Ray task that runs again; `takeForRetry` returns the block. */
  private[rayonspark] def recomputeForRetry(id: Long, gone: String): Unit =
    discard(tracker.want(BlockReader.Retry, id, gone).toVector)

  /**
   * Waits for blocks requested with `recomputeForRetry`; returns none when `limit` has passed.
   */
  private[rayonspark] def takeForRetry(limit: FiniteDuration): Vector[StagedBlock] = {
    dropLost()
    tracker.next(BlockReader.Retry, limit)
  }

  private[rayonspark] def releaseForRetry(ids: Vector[Long]): Unit =
    discard(tracker.drop(_.release(BlockReader.Retry, ids)))

  /**
   * Returns totals of the blocks written so far: rows, bytes, blocks, local_bytes (encoded on the
   * host where they are staged), and the duration of the encoding, encode_s, in seconds.
   */
  def report: JMap[String, JDouble] = {
    val blocks = tracker.state.written
    val bytes = blocks.map(_.bytes).sum.toDouble
    Map(
      "rows" -> blocks.map(_.rows).sum.toDouble,
      "bytes" -> bytes,
      "blocks" -> blocks.size.toDouble,
      "local_bytes" -> blocks.filter(_.local).map(_.bytes).sum.toDouble,
      "encode_s" -> encoded.getOrElse((System.nanoTime - startNanos).nanos).toNanos / 1e9
    ).map { case (name, value) => name -> Double.box(value) }.asJava
  }

  /** Cancels the job if it still runs, and deletes all staged files. Idempotent. */
  override def close(): Unit = tracker.close(ArrowExport.closed).foreach { blocks =>
    frame.cancel(tag)
    endCallback.close()
    server.close()
    reservations.close()
    discard(blocks)
  }

  private def encodeAll(): Unit =
    try {
      frame.run("Spark to Ray", tag) { rows =>
        tracker.change(s => (s.withLevel(ArrowExport.level(rows)), ()))
        encode(rows, rows.partitions.indices)
      }
      encoded = Some((System.nanoTime - startNanos).nanos)
      tracker.ended()
      Iterator.continually(tracker.nextLost()).takeWhile(_.nonEmpty).foreach { partitions =>
        frame.run("Spark to Ray, again", tag)(encode(_, partitions))
      }
    } catch {
      // Whatever ends the job, threads that wait for its blocks get the error.
      case e: Throwable => fail(e)
    } finally
      // No thread encodes after this one. However it ended, waiting threads must be notified; an
      // earlier reason stays.
      fail(ArrowExport.closed)

  private def tag: String = task.endpoint

  private def encode(rows: RDD[ArrowRows], partitions: Seq[Int]): Unit =
    SparkDriver.runOn(rows.sparkContext, rows, ArrowExport.body(task), partitions)

  /**
   * Ends the export and its job: the driver would refuse its tasks, and Spark would retry them.
   */
  private def fail(why: Throwable): Unit =
    if (tracker.fail(ArrowExport.asTransferError(why))) frame.cancel(tag)

  /** Drops the blocks that were staged for nodes that are gone. */
  private def dropLost(): Unit = {
    val nodes = staging.locations.map(p => p.executorId -> p.rayNodeId).toSet
    val gone = tracker.drop(_.keepOnly(nodes))
    if (gone.nonEmpty)
      logWarning(s"${gone.size} staged blocks were lost with their Ray node. Encoding them again.")
    gone.foreach(b => staging.pool.release(b.executorId, b.bytes))
    // An executor that is gone cannot delete what it wrote to the staging of other executors.
    reservations.keepOnly(staging.isAlive).foreach { case (reservation, location) =>
      val files = Vector(reservation.draft(task.files), reservation.file(task.files))
      staging.discard(location.executorId, files.map(name => s"${location.directory}/$name"))
    }
  }

  private def discard(blocks: Vector[StagedBlock]): Unit =
    blocks.groupBy(_.executorId).foreach { case (executorId, some) =>
      val deletion = staging.discard(executorId, some.map(_.path))
      staging.pool.releaseAfter(deletion, executorId, some.map(_.bytes).sum)
    }
}

object ArrowExport {
  private val count = new AtomicLong

  /** More partitions per task slot than this are coalesced, to make a block worth a Ray task. */
  private val partitionsPerSlot = 8

  /** Limits the walk along an error's causes, which may form a cycle. */
  private val maxCauses = 100

  /**
   * Starts to encode a DataFrame.
   *
   * @throws InvalidSpecException
   *   when the DataFrame is a stream, has no columns or two of the same name, or a column has no
   *   Arrow equivalent that Ray reads; thrown before any data moves
   * @throws ClusterStoppedException
   *   when the cluster is not running
   */
  def start(staging: Staging, df: DataFrame, options: ExportOptions): ArrowExport = {
    staging.require()
    if (df.isStreaming)
      throw new InvalidSpecException(
        "The DataFrame is a stream, which has no end. Move each of its batches in foreachBatch."
      )
    ArrowTypes.check(df.schema).foreach(why => throw new InvalidSpecException(why))
    val id = s"export-${count.incrementAndGet()}"
    val frame = new ArrowFrame(df, options.numBlocks, partitionsPerSlot)
    val maxBytes = BlockBytes.fair(staging.locations, frame.slots)
    val created = new ArrowExport(
      staging,
      frame,
      ExportTask(
        endpoint = s"${DriverEndpoint.endpointName(staging.clusterId)}-$id",
        files = id,
        schema = df.schema,
        timeZone = frame.timeZone,
        blockRows = options.maxRowsPerBlock.getOrElse(Long.MaxValue),
        blockBytes = maxBytes,
        emptyBlocks = options.numBlocks.isDefined
      )
    )
    created.thread.start()
    created
  }

  private def level(rows: RDD[ArrowRows]): DeterministicLevel =
    if (ArrowFrame.isDeterminate(rows)) DeterministicLevel.Determinate
    else if (ArrowFrame.isUnordered(rows)) DeterministicLevel.Unordered
    else DeterministicLevel.Indeterminate

  /** Returns a closure that captures only the task. */
  private def body(task: ExportTask): (TaskContext, Iterator[ArrowRows]) => Unit =
    (context, rows) => rows.foreach(task.run(context, _))

  private def closed: Throwable =
    new ExchangeException("The transfer from Spark to Ray was closed. Start it again.")

  private def stopped(clusterId: String): Throwable = new ClusterStoppedException(
    s"Ray cluster $clusterId ended while a DataFrame was being moved to it. Start a new cluster, " +
      "and move the DataFrame again."
  )

  private def asTransferError(error: Throwable): Throwable = error match {
    case known: RayOnSparkException => known
    case other =>
      val last =
        Iterator.iterate(other)(_.getCause).take(maxCauses).takeWhile(_ != null).toVector.last
      val why = Option(last.getMessage).getOrElse(last.toString).stripSuffix(".")
      new ExchangeException(
        s"Spark could not encode the DataFrame for Ray: $why. " +
          "Fix the cause, then move the DataFrame again.",
        other
      )
  }
}
