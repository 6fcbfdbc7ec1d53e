package org.rayonspark.data

import org.apache.spark.sql.types.StructType
import org.rayonspark.{ClusterStoppedException, ExchangeException, RayOnSparkException}
import org.rayonspark.rendezvous.Rendezvous

import java.util.concurrent.atomic.{AtomicInteger, AtomicLong}
import scala.concurrent.duration._

/**
 * A Ray Dataset as Spark reads it: its blocks are handed over beside executors when they are
 * wanted, and stay there as long as there is room. All methods may be called from any thread.
 *
 * {{{
 *   reader ──Fetch──► answers ─demand─► whoever holds the Dataset: writes the file by a Ray task
 *          ◄──At────          ◄─staged─
 *          ──Done──►          (the file may go, when others need the room)
 * }}}
 */
final class ArrowImport private (
    staging: Staging,
    val id: String,
    val schema: StructType,
    val blocks: Vector[ImportBlock]
) extends AutoCloseable {

  /** Under this name readers ask. */
  val desk: String = s"${Rendezvous.mailboxName(staging.clusterId)}-$id"

  private val holders = new AtomicInteger
  private val book = new ImportBook
  private val files = new ImportFiles(staging, book, blocks, id)

  /** Where each block is best read: beside the Ray node that has it, or spread over the others. */
  val homes: Vector[StagingPlace] = {
    val all = staging.places
    val places = if (all.size > 1) all.filter(_.executorId != "driver") else all
    blocks.zipWithIndex.map { case (block, i) =>
      places.find(_.rayNodeId == block.rayNodeId).getOrElse(places(i % places.size))
    }
  }

  private val answers = new ImportAnswers(staging, book, files, blocks, homes)
  private val server = staging.transport.serve(desk, answers.answer)
  private val keeping = staging.room.keep(files.giveUp)
  private val ending = staging.whenEnding(() => end(ArrowImport.stopped(staging.clusterId)))

  /**
   * Waits for a block that shall be written.
   *
   * @return
   *   none when the time was up, or when the frame is released
   */
  def nextDemand(limit: FiniteDuration): Option[Demand] = book.nextDemand(limit)

  def released: Boolean = book.state.over.isDefined

  /** Throws unless the frame can be read. */
  def require(): Unit = book.state.over.foreach(throw _)

  /** The file of a demand is there. */
  def staged(path: String, bytes: Long): Unit = files.staged(path, bytes)

  /** The file of a demand will never be there. */
  def failed(path: String, why: String): Unit = files.failed(path, why)

  /** Asks for the first blocks before anybody reads them, as many as half of the staging holds. */
  private def prefetch(): Unit = {
    val limits = staging.places.map(p => p.executorId -> p.limit / 2).toMap
    homes.zipWithIndex.foldLeft(Map.empty[String, Long]) { case (used, (home, i)) =>
      val bytes = used.getOrElse(home.executorId, 0L) + blocks(i).bytes
      val fits = limits.get(home.executorId).exists(bytes <= _)
      if (fits) files.want(i, home, None)
      used.updated(home.executorId, if (fits) bytes else Long.MaxValue / 2)
    }
    ()
  }

  /** rows, bytes and blocks of the Dataset, and the bytes that were read, on their host or not. */
  def report: Map[String, Double] = {
    val read = book.state.reading
    Map(
      "rows" -> blocks.map(_.rows).sum.toDouble,
      "bytes" -> blocks.map(_.bytes).sum.toDouble,
      "blocks" -> blocks.size.toDouble,
      "read_bytes" -> read.bytes.toDouble,
      "local_bytes" -> read.localBytes.toDouble
    )
  }

  /** One more refers to the frame, until it lets go. */
  def hold(): Unit = {
    holders.incrementAndGet()
    ()
  }

  /** The last one to let go closes the frame. */
  def letGo(): Unit = if (holders.decrementAndGet() == 0) close()

  /** Nobody reads the frame any more: what is staged goes. Idempotent. */
  override def close(): Unit = end(ArrowImport.released(id))

  private def end(why: RayOnSparkException): Unit = if (files.end(why)) {
    ending.close()
    keeping.close()
    server.close()
    ArrowImport.forget(id)
  }
}

object ArrowImport {
  private val count = new AtomicLong
  private val open = new java.util.concurrent.ConcurrentHashMap[String, ArrowImport]

  def start(staging: Staging, schema: StructType, blocks: Vector[ImportBlock]): ArrowImport = {
    staging.require()
    val id = s"import-${staging.clusterId}-${count.incrementAndGet()}"
    val begun = new ArrowImport(staging, id, schema, blocks)
    open.put(id, begun)
    begun.prefetch()
    begun
  }

  /**
   * The frame of that id, in the driver.
   *
   * @throws ExchangeException
   *   when there is none, or none any more
   */
  def find(id: String): ArrowImport = Option(open.get(id)).getOrElse(
    throw new ExchangeException(
      s"""There is no frame "$id" from Ray, or it is released. Give the Dataset to Spark again."""
    )
  )

  private def forget(id: String): Unit = {
    open.remove(id)
    ()
  }

  private def released(id: String): RayOnSparkException = new ExchangeException(
    s"""The frame "$id" from Ray is released. Give the Dataset to Spark again."""
  )

  private def stopped(clusterId: String): RayOnSparkException = new ClusterStoppedException(
    s"Ray cluster $clusterId is stopped, and the Dataset with it. Start a new one, or cache the " +
      "DataFrame before the stop."
  )
}
