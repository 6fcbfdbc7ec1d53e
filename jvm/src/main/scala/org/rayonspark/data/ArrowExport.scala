package org.rayonspark.data

import org.apache.spark.SparkContext
import org.apache.spark.internal.Logging
import org.apache.spark.rayonspark.SparkDriver
import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.rayonspark.{ArrowEncoder, ArrowFrame, ArrowRows}
import org.apache.spark.TaskContext
import org.rayonspark.{ClusterStoppedException, ExchangeException, RayOnSparkException}
import org.rayonspark.rendezvous.{Rendezvous, Wire}

import java.util.concurrent.atomic.AtomicLong
import scala.concurrent.duration._

/**
 * A DataFrame on its way to Ray: a Spark job encodes its partitions into staging, and whoever holds
 * this takes the blocks from there while the job goes on. All methods may be called from any
 * thread.
 *
 * {{{
 *   tasks ──Reserve, Written──► desk ──► blocks ──next──► the caller
 *         ◄──Granted──          ◄──── release, when it has loaded them
 * }}}
 */
final class ArrowExport private (staging: Staging, frame: ArrowFrame, task: ExportTask, id: String)
    extends AutoCloseable
    with Logging {

  // All guarded by this; waiters are woken by every change.
  private var state = ExportState()
  private var claims = Map.empty[Claim, AutoCloseable]
  private var failure: Option[Throwable] = None
  private var encoded = false
  private var closed = false
  private var localBytes = 0L
  private var encodedAt = 0L

  private val begun = System.nanoTime
  private val tag = s"rayonspark-$id"
  private val desk = staging.transport.serve(task.desk, answer)
  private val ending = staging.whenEnding(() => fail(ArrowExport.stopped(staging.clusterId)))
  private val thread = new Thread(() => encodeAll(), s"rayonspark-$id")
  thread.setDaemon(true)
  // Where our jar was attached to a live session, only our own loader knows our classes.
  thread.setContextClassLoader(getClass.getClassLoader)

  /** The Arrow schema as an IPC message. */
  def schema: Array[Byte] = ArrowEncoder.schemaMessage(task.schema, task.timeZone)

  /**
   * Waits for blocks that nobody has taken yet.
   *
   * @return
   *   none when the time was up, or when there will be no more
   * @throws ExchangeException
   *   when the job failed or the cluster ended
   */
  def next(limit: FiniteDuration): Vector[StagedBlock] = {
    val deadline = limit.fromNow
    synchronized {
      dropLost()
      while (failure.isEmpty && state.ready.isEmpty && !finished && deadline.hasTimeLeft())
        wait(deadline.timeLeft.toMillis.max(1))
      failure.foreach(throw _)
      val (after, taken) = state.take
      state = after
      taken
    }
  }

  /** Whether every block was taken, and is loaded or still there to be loaded. */
  def finished: Boolean = synchronized(encoded && state.ready.isEmpty && !state.hasLost)

  /** These blocks are loaded: their files go. */
  def release(ids: Vector[Long]): Unit = {
    val gone = synchronized {
      val (after, released) = state.release(ids)
      state = after
      notifyAll()
      released
    }
    discard(gone)
  }

  /** Has one block computed again, from its lineage; `next` gives it. */
  def want(id: Long): Unit = {
    val gone = synchronized {
      val (after, staged) = state.want(id)
      state = after
      notifyAll()
      staged
    }
    discard(gone)
  }

  /**
   * Has one block computed again, and waits for it; for after the end of `next`.
   *
   * @throws ExchangeException
   *   when the job failed or the cluster ended
   */
  def restage(id: Long): StagedBlock = {
    want(id)
    synchronized {
      while (failure.isEmpty && !state.ready.contains(id)) wait()
      failure.foreach(throw _)
      val (after, block) = state.takeOne(id)
      state = after
      block
    }
  }

  /** rows, bytes, blocks, local_bytes and the seconds that the encoding took. */
  def report: Map[String, Double] = synchronized {
    val blocks = state.blocks.values.map(_.staged)
    Map(
      "rows" -> blocks.map(_.rows).sum.toDouble,
      "bytes" -> blocks.map(_.bytes).sum.toDouble,
      "blocks" -> blocks.size.toDouble,
      "local_bytes" -> localBytes.toDouble,
      "encode_s" -> (encodedAt - begun) / 1e9
    )
  }

  /** Ends the job if it still runs, and removes what is staged. Idempotent. */
  override def close(): Unit = {
    val left = synchronized {
      val first = !closed
      closed = true
      if (failure.isEmpty) failure = Some(ArrowExport.closed)
      notifyAll()
      if (first) Some(state.staged) else None
    }
    left.foreach { blocks =>
      frame.cancel(tag)
      ending.close()
      desk.close()
      synchronized { val open = claims; claims = Map.empty; open }.foreach { case (claim, ticket) =>
        ticket.close()
        staging.room.free(claim.executorId, claim.bytes)
      }
      blocks.foreach(b => staging.room.free(b.executorId, b.bytes))
      // Its whole directory: a task that dies at this moment may have a file there that nobody knows.
      staging.places.foreach(p => staging.discard(p.executorId, Vector(directory(p))))
    }
  }

  private def directory(place: StagingPlace): String = s"${place.directory}/$id"

  private def encodeAll(): Unit =
    try
      frame.run("Spark to Ray", tag) { rows =>
        val changes =
          (ArrowFrame.sameness(rows) == org.apache.spark.sql.rayonspark.Sameness.Different)
        encode(rows, rows.partitions.indices)
        synchronized { encodedAt = System.nanoTime; encoded = true; notifyAll() }
        Iterator.continually(nextLost()).takeWhile(_.nonEmpty).foreach { partitions =>
          if (changes) throw ArrowExport.indeterminate(partitions.size)
          encode(rows, partitions)
        }
      }
    catch {
      // Whatever ends the job is told to the one who waits for its blocks.
      case e: Throwable => fail(e)
    }

  private def encode(rows: RDD[ArrowRows], partitions: Seq[Int]): Unit = {
    val sc: SparkContext = rows.sparkContext
    SparkDriver.runOn(sc, rows, ArrowExport.body(task), partitions)
  }

  /** Waits until blocks are lost; no partitions when the export is over. */
  private def nextLost(): Vector[Int] = synchronized {
    while (!closed && failure.isEmpty && !state.hasLost) wait()
    if (closed || failure.isDefined) Vector.empty else state.lostPartitions
  }

  private def fail(why: Throwable): Unit = synchronized {
    if (failure.isEmpty) failure = Some(ArrowExport.told(why))
    notifyAll()
  }

  private def answer(bytes: Array[Byte], reply: Array[Byte] => Unit): Unit = {
    def say(answer: ExportAnswer): Unit = reply(Wire.encode(answer))
    val over = synchronized(failure)
    if (over.isDefined) say(ExportAnswer.Refused(over.get.getMessage))
    else
      Wire.decode[ExportQuestion](bytes) match {
        case ExportQuestion.Begin(partition) => say(synchronized(state.known(partition)))
        case ExportQuestion.Reserve(claim) => reserve(claim, say)
        case ExportQuestion.Written(claim, path, rows, size) =>
          say(ExportAnswer.Kept(written(claim, path, rows, size)))
        case ExportQuestion.GaveUp(claim) =>
          settle(claim)
          staging.room.free(claim.executorId, claim.bytes)
          say(ExportAnswer.Kept(false))
        case ExportQuestion.Ended(partition, blocks) =>
          synchronized { state = state.end(partition, blocks) }
          say(ExportAnswer.Kept(true))
      }
  }

  private def reserve(claim: Claim, say: ExportAnswer => Unit): Unit =
    staging.places.find(_.executorId == claim.executorId) match {
      case None => say(ExportAnswer.Refused(ArrowExport.noNode(claim.executorId)))
      case Some(place) =>
        val ticket = staging.room.claim(place.executorId, claim.bytes) { () =>
          say(ExportAnswer.Granted(directory(place)))
        }
        synchronized { claims = claims.updated(claim, ticket) }
    }

  private def settle(claim: Claim): Unit = synchronized(claims -= claim)

  private def written(claim: Claim, path: String, rows: Long, size: Long): Boolean = {
    settle(claim)
    val place = staging.places.find(_.executorId == claim.executorId)
    val kept = synchronized {
      val block = place.map { p =>
        StagedBlock(0, claim.partition, claim.sequence, p.executorId, p.rayNodeId, path, rows, size)
      }
      val after = block.flatMap(state.written)
      after.foreach { s =>
        state = s
        localBytes += size
        notifyAll()
      }
      after.isDefined
    }
    staging.room.free(claim.executorId, if (kept) claim.bytes - size else claim.bytes)
    kept
  }

  /** Blocks beside executors whose node is gone are gone with it. */
  private def dropLost(): Unit = {
    val (after, gone) = state.keepOnly(staging.places.map(p => p.executorId -> p.rayNodeId).toSet)
    state = after
    if (gone.nonEmpty) {
      logWarning(s"${gone.size} staged blocks are gone with their Ray node, and are encoded again.")
      gone.foreach(b => staging.room.free(b.executorId, b.bytes))
      notifyAll()
    }
  }

  private def discard(blocks: Vector[StagedBlock]): Unit =
    blocks.groupBy(_.executorId).foreach { case (executorId, some) =>
      staging.room.free(executorId, some.map(_.bytes).sum)
      staging.discard(executorId, some.map(_.path))
    }
}

object ArrowExport {
  private val count = new AtomicLong

  /** What Ray makes one block of by default (`DataContext.target_max_block_size`). */
  private val blockBytes = 128L << 20

  /** So many blocks fit into the staging of a node: some are written while others are loaded. */
  private val blocksInStaging = 4

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
    ArrowTypes.check(df.schema)
    val id = s"export-${count.incrementAndGet()}"
    val least = staging.places.map(_.limit).min
    val frame = new ArrowFrame(df, options.numBlocks, partitionsPerSlot)
    val task = ExportTask(
      desk = s"${Rendezvous.mailboxName(staging.clusterId)}-$id",
      schema = df.schema,
      timeZone = frame.timeZone,
      blockRows = options.maxRowsPerBlock.getOrElse(Long.MaxValue),
      blockBytes =
        if (options.numBlocks.isDefined) Long.MaxValue
        else math.min(blockBytes, math.max(least / blocksInStaging, 1L)),
      claimBytes = math.min(blockBytes, math.max(least / blocksInStaging, 1L))
    )
    val begun = new ArrowExport(staging, frame, task, id)
    begun.thread.start()
    begun
  }

  /** A closure that captures the task and nothing else. */
  private def body(task: ExportTask): (TaskContext, Iterator[ArrowRows]) => Unit =
    (context, rows) => rows.foreach(task.run(context, _))

  private def closed: Throwable =
    new ExchangeException("The transfer from Spark to Ray was closed. Start it again.")

  private def stopped(clusterId: String): Throwable = new ClusterStoppedException(
    s"Ray cluster $clusterId ended while data was on its way to it. Start a new one, and move the " +
      "data again."
  )

  private def noNode(executorId: String): String =
    s"Spark executor $executorId has no Ray node. Start a node on every executor (num_nodes)."

  private def indeterminate(partitions: Int): Throwable = new ExchangeException(
    s"$partitions partitions lost blocks on their way to Ray, and the DataFrame may give other rows " +
      "when they are computed again. Cache or checkpoint it, and move it again."
  )

  private def told(why: Throwable): Throwable = why match {
    case ours: RayOnSparkException => ours
    case other =>
      val last = Iterator.iterate(other)(_.getCause).takeWhile(_ != null).toVector.last
      new ExchangeException(
        s"Spark could not encode the DataFrame for Ray: ${last.getMessage}. Mend the cause, and " +
          "move it again.",
        other
      )
  }
}
