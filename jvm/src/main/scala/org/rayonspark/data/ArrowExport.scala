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
import org.rayonspark.rendezvous.Rendezvous
import org.rayonspark.threads.Daemon

import java.lang.{Double => JDouble}
import java.time.Duration
import java.util.{List => JList, Map => JMap}
import java.util.concurrent.atomic.AtomicLong
import scala.concurrent.duration.{DurationLong, FiniteDuration}
import scala.jdk.CollectionConverters._

/**
 * A DataFrame on its way to Ray: a Spark job encodes its partitions into staging, and whoever holds
 * this takes the blocks from there while the job goes on. All methods may be called from any
 * thread.
 *
 * {{{
 *   tasks ──Reserve, Written──► desk ──► state ──next──► the caller
 *         ◄──Granted──                   ◄──── release, when it has loaded them
 * }}}
 */
final class ArrowExport private (staging: Staging, frame: ArrowFrame, task: ExportTask)
    extends AutoCloseable
    with Logging {
  private val begun = System.nanoTime
  private val book = new ExportBook
  private val claims = new ExportClaims(staging.room)
  private val answers = new ExportAnswers(staging, book, claims)
  private val desk = staging.transport.serve(task.desk, answers.answer)
  private val ending = staging.whenEnding(() => fail(ArrowExport.stopped(staging.clusterId)))
  private val thread = Daemon(task.desk)(encodeAll())
  // Where our jar was attached to a live session, only our own loader knows our classes.
  thread.setContextClassLoader(getClass.getClassLoader)

  @volatile private var encoded = Option.empty[FiniteDuration]

  /** The Arrow schema as an IPC message. */
  def schema: Array[Byte] = ArrowEncoder.schemaMessage(task.schema, task.timeZone)

  /**
   * Waits for blocks that nobody has taken yet. What was taken is released when it is loaded, or
   * wanted again when it was lost on its way.
   *
   * @return
   *   none when the time was up, or when there will be no more
   * @throws ExchangeException
   *   when the job failed or was cancelled, or this is closed
   * @throws ClusterStoppedException
   *   when the cluster ended
   */
  def next(limit: Duration): JList[StagedBlock] = take(limit.toNanos.nanos).asJava

  private[rayonspark] def take(limit: FiniteDuration): Vector[StagedBlock] = {
    dropLost()
    book.next(limit)
  }

  /** Whether `next` has given all blocks, and none is wanted again. */
  def finished: Boolean = book.finished

  /** The block is loaded: its file goes. */
  def release(block: StagedBlock): Unit = release(Vector(block.id))

  private[rayonspark] def release(ids: Vector[Long]): Unit =
    discard(book.change(_.release(ids)))

  /** Has one block computed again, from its lineage; `next` gives it. */
  def want(id: Long): Unit = discard(book.change(_.want(id)).toVector)

  /**
   * Has one block computed again, and waits for it: for after the end of `next`.
   *
   * @throws ExchangeException
   *   when the job failed, or this is closed
   */
  def restage(id: Long): StagedBlock = {
    want(id)
    book.await(id)
  }

  /** rows, bytes, blocks, local_bytes and the seconds that the encoding took. */
  def report: JMap[String, JDouble] = {
    val blocks = book.state.written
    val bytes = blocks.map(_.bytes).sum.toDouble
    Map(
      "rows" -> blocks.map(_.rows).sum.toDouble,
      "bytes" -> bytes,
      "blocks" -> blocks.size.toDouble,
      "local_bytes" -> blocks.filter(_.local).map(_.bytes).sum.toDouble,
      "encode_s" -> encoded.getOrElse((System.nanoTime - begun).nanos).toNanos / 1e9
    ).map { case (name, value) => name -> Double.box(value) }.asJava
  }

  /** Ends the job if it still runs, and removes what is staged. Idempotent. */
  override def close(): Unit = book.close(ArrowExport.closed).foreach { blocks =>
    frame.cancel(tag)
    ending.close()
    desk.close()
    claims.close()
    discard(blocks)
  }

  private def encodeAll(): Unit =
    try {
      frame.run("Spark to Ray", tag) { rows =>
        book.change(s => (s.repeats(ArrowExport.sameness(rows)), ()))
        encode(rows, rows.partitions.indices)
      }
      encoded = Some((System.nanoTime - begun).nanos)
      book.ended()
      Iterator.continually(book.nextLost()).takeWhile(_.nonEmpty).foreach { partitions =>
        frame.run("Spark to Ray, again", tag)(encode(_, partitions))
      }
    } catch {
      // Whatever ends the job is told to the one who waits for its blocks.
      case e: Throwable => fail(e)
    }

  private def tag: String = task.desk

  private def encode(rows: RDD[ArrowRows], partitions: Seq[Int]): Unit =
    SparkDriver.runOn(rows.sparkContext, rows, ArrowExport.body(task), partitions)

  /** The tasks of a job that goes on would only be refused, and tried again. */
  private def fail(why: Throwable): Unit =
    if (book.fail(ArrowExport.told(why))) frame.cancel(tag)

  /** Blocks beside executors whose node is gone are gone with it. */
  private def dropLost(): Unit = {
    val nodes = staging.places.map(p => p.executorId -> p.rayNodeId).toSet
    val gone = book.change(_.keepOnly(nodes))
    if (gone.nonEmpty)
      logWarning(s"${gone.size} staged blocks are gone with their Ray node, and are encoded again.")
    gone.foreach(b => staging.room.free(b.executorId, b.bytes))
    // Executors die with their claims on the staging of others, and cannot delete there any more.
    claims.keepOnly(staging.isAlive).foreach { case (claim, place) =>
      val files = Vector(claim.draft(task.files), claim.file(task.files))
      staging.discard(place.executorId, files.map(name => s"${place.directory}/$name"))
    }
  }

  private def discard(blocks: Vector[StagedBlock]): Unit =
    blocks.groupBy(_.executorId).foreach { case (executorId, some) =>
      val deletion = staging.discard(executorId, some.map(_.path))
      staging.room.freeAfter(deletion, executorId, some.map(_.bytes).sum)
    }
}

object ArrowExport {
  private val count = new AtomicLong

  /** More partitions than this for each slot are packed: a block should be worth a task of Ray. */
  private val partitionsPerSlot = 8

  /**
   * Begins to encode a DataFrame.
   *
   * @throws InvalidSpecException
   *   when a column has no image in Arrow, before any data moves
   * @throws ClusterStoppedException
   *   when the cluster does not run
   */
  def start(staging: Staging, df: DataFrame, options: ExportOptions): ArrowExport = {
    staging.require()
    if (df.isStreaming)
      throw new InvalidSpecException(
        "The DataFrame is a stream, which has no end. Move its batches, in foreachBatch."
      )
    ArrowTypes.check(df.schema).foreach(why => throw new InvalidSpecException(why))
    val id = s"export-${count.incrementAndGet()}"
    val frame = new ArrowFrame(df, options.numBlocks, partitionsPerSlot)
    val most = BlockBytes.fair(staging.places, frame.slots)
    val begun = new ArrowExport(
      staging,
      frame,
      ExportTask(
        desk = s"${Rendezvous.mailboxName(staging.clusterId)}-$id",
        files = id,
        schema = df.schema,
        timeZone = frame.timeZone,
        blockRows = options.maxRowsPerBlock.getOrElse(Long.MaxValue),
        blockBytes = if (options.numBlocks.isDefined) Long.MaxValue else most,
        claimBytes = most,
        always = options.numBlocks.isDefined
      )
    )
    begun.thread.start()
    begun
  }

  private def sameness(rows: RDD[ArrowRows]): Sameness =
    if (ArrowFrame.repeats(rows)) Sameness.Same
    else if (ArrowFrame.reorders(rows)) Sameness.Unordered
    else Sameness.Different

  /** A closure that captures the task and nothing else. */
  private def body(task: ExportTask): (TaskContext, Iterator[ArrowRows]) => Unit =
    (context, rows) => rows.foreach(task.run(context, _))

  private def closed: Throwable =
    new ExchangeException("The transfer from Spark to Ray was closed. Start it again.")

  private def stopped(clusterId: String): Throwable = new ClusterStoppedException(
    s"Ray cluster $clusterId ended while data was on its way to it. Start a new one, and move the " +
      "data again."
  )

  private def told(why: Throwable): Throwable = why match {
    case ours: RayOnSparkException => ours
    case other =>
      val last = Iterator.iterate(other)(_.getCause).takeWhile(_ != null).toVector.last
      val why = Option(last.getMessage).getOrElse(last.toString).stripSuffix(".")
      new ExchangeException(
        s"Spark could not encode the DataFrame for Ray: $why. " +
          "Mend the cause, and move it again.",
        other
      )
  }
}
