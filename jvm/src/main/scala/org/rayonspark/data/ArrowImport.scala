package org.rayonspark.data

import org.apache.spark.internal.Logging
import org.apache.spark.sql.types.StructType
import org.rayonspark.{ClusterStoppedException, ExchangeException, RayOnSparkException}
import org.rayonspark.rendezvous.{Rendezvous, Wire}

import java.util.concurrent.atomic.AtomicLong
import scala.concurrent.duration._

/**
 * A Ray Dataset as Spark reads it: its blocks are handed over beside executors when they are
 * wanted, and stay there as long as there is room. All methods may be called from any thread.
 *
 * {{{
 *   reader ──Fetch──► desk ──demand──► whoever holds the Dataset: writes the file by a Ray task
 *          ◄──At────       ◄──staged──
 *          ──Done──►       (the file may go, when others need the room)
 * }}}
 */
final class ArrowImport private (
    staging: Staging,
    val id: String,
    val schema: StructType,
    val blocks: Vector[ImportBlock]
) extends AutoCloseable
    with Logging {

  /** Under this name readers ask. */
  val desk: String = s"${Rendezvous.mailboxName(staging.clusterId)}-$id"

  // All guarded by this; waiters are woken by every change.
  private var state = ImportState()
  private var demands = Vector.empty[Demand]
  private var readers = Map.empty[String, Vector[ImportAnswer => Unit]]
  private var over: Option[RayOnSparkException] = None
  // Paths whose claim waits for room, and what takes those claims back.
  private var waiting = Set.empty[String]
  private var tickets = Vector.empty[AutoCloseable]
  private var files = 0L
  private var readBytes = 0L
  private var localBytes = 0L

  private val server = staging.transport.serve(desk, answer)
  private val keeping = staging.room.keep(giveUp)
  private val ending = staging.whenEnding(() => end(ArrowImport.stopped(staging.clusterId)))

  /** Where each block is best read: beside the Ray node that has it, or spread over the others. */
  val homes: Vector[StagingPlace] = {
    val all = staging.places
    val places = if (all.size > 1) all.filter(_.executorId != "driver") else all
    blocks.zipWithIndex.map { case (block, i) =>
      places.find(_.rayNodeId == block.rayNodeId).getOrElse(places(i % places.size))
    }
  }

  /**
   * Waits for a block that shall be written.
   *
   * @return
   *   none when the time was up, or when the frame is released
   */
  def nextDemand(limit: FiniteDuration): Option[Demand] = {
    val deadline = limit.fromNow
    synchronized {
      while (demands.isEmpty && over.isEmpty && deadline.hasTimeLeft())
        wait(deadline.timeLeft.toMillis.max(1))
      val first = demands.headOption
      demands = demands.drop(1)
      first
    }
  }

  def released: Boolean = synchronized(over.isDefined)

  /** Throws unless the frame can be read. */
  def require(): Unit = synchronized(over).foreach(throw _)

  /** The file of a demand is there. */
  def staged(path: String, bytes: Long): Unit = {
    val (file, waiting) = synchronized {
      val file = state.files.get(path)
      val waiting = file.fold(Vector.empty[ImportAnswer => Unit])(_ => takeReaders(path))
      state = waiting.foldLeft(state.staged(path, bytes))((s, _) => s.pin(path))
      (file, waiting)
    }
    waiting.foreach(_(ImportAnswer.At(path)))
    file.foreach { f =>
      staging.room.free(f.executorId, f.bytes - bytes)
      staging.room.press(f.executorId)
    }
  }

  /** The file of a demand will never be there. */
  def failed(path: String, why: String): Unit = {
    val (file, waiting) = synchronized {
      val file = state.files.get(path)
      state = state.drop(path)
      (file, takeReaders(path))
    }
    waiting.foreach(_(ImportAnswer.Refused(why)))
    file.foreach(f => staging.room.free(f.executorId, f.bytes))
  }

  private def takeReaders(path: String): Vector[ImportAnswer => Unit] = {
    val waiting = readers.getOrElse(path, Vector.empty)
    readers -= path
    waiting
  }

  /** Asks for the first blocks before anybody reads them, as many as half of the staging holds. */
  def prefetch(): Unit = {
    val limits = staging.places.map(p => p.executorId -> p.limit / 2).toMap
    homes.zipWithIndex.foldLeft(Map.empty[String, Long]) { case (used, (home, i)) =>
      val bytes = used.getOrElse(home.executorId, 0L) + blocks(i).bytes
      val fits = limits.get(home.executorId).exists(bytes <= _)
      if (fits) want(i, home, None)
      used.updated(home.executorId, if (fits) bytes else Long.MaxValue / 2)
    }
    ()
  }

  /** rows, bytes and blocks of the Dataset, and the bytes that were read, on their host or not. */
  def report: Map[String, Double] = synchronized(
    Map(
      "rows" -> blocks.map(_.rows).sum.toDouble,
      "bytes" -> blocks.map(_.bytes).sum.toDouble,
      "blocks" -> blocks.size.toDouble,
      "read_bytes" -> readBytes.toDouble,
      "local_bytes" -> localBytes.toDouble
    )
  )

  /** Nobody reads the frame any more: what is staged goes. Idempotent. */
  override def close(): Unit = end(ArrowImport.released(id))

  private def end(why: RayOnSparkException): Unit = {
    val (first, told, granted, open) = synchronized {
      val first = over.isEmpty
      over = over.orElse(Some(why))
      notifyAll()
      val told = readers.values.flatten.toVector
      readers = Map.empty
      val granted = state.files.collect { case (path, file) if !waiting(path) => file }.toVector
      state = ImportState()
      (first, told, granted, tickets)
    }
    told.foreach(_(ImportAnswer.Refused(why.getMessage)))
    if (first) {
      ending.close()
      keeping.close()
      server.close()
      ArrowImport.forget(id)
      open.foreach(_.close())
      granted.foreach(file => staging.room.free(file.executorId, file.bytes))
      staging.places.foreach(p => staging.discard(p.executorId, Vector(s"${p.directory}/$id")))
    }
  }

  private def answer(bytes: Array[Byte], reply: Array[Byte] => Unit): Unit = {
    def say(answer: ImportAnswer): Unit = reply(Wire.encode(answer))
    Wire.decode[ImportQuestion](bytes) match {
      case ImportQuestion.Done(_, path) =>
        val file = synchronized {
          state = state.unpin(path)
          state.files.get(path)
        }
        say(ImportAnswer.Noted)
        file.foreach(f => staging.room.press(f.executorId))
      case ImportQuestion.Fetch(block, executorId, missing) =>
        missing.foreach(gone)
        placeFor(executorId, homes(block)) match {
          case Some(place) => fetch(block, place, say)
          case None => say(ImportAnswer.Refused(ArrowImport.noNode(executorId)))
        }
    }
  }

  /** A reader did not find its file. */
  private def gone(path: String): Unit = {
    val file = synchronized {
      val file = state.files.get(path)
      state = state.drop(path)
      file
    }
    file.foreach(f => staging.room.free(f.executorId, f.bytes))
  }

  /** The reader's own place, or one on its host: the path must lead to the file. */
  private def placeFor(executorId: String, home: StagingPlace): Option[StagingPlace] = {
    val places = staging.places
    places.find(_.executorId == executorId).orElse(places.find(_.executorId == home.executorId))
  }

  private def fetch(
      block: Int,
      place: StagingPlace,
      say: ImportAnswer => Unit
  ): Unit = {
    val refused = synchronized {
      if (over.isEmpty) {
        readBytes += blocks(block).bytes
        if (homes(block).host == place.host) localBytes += blocks(block).bytes
      }
      over
    }
    refused match {
      case Some(why) => say(ImportAnswer.Refused(why.getMessage))
      case None => want(block, place, Some(say))
    }
  }

  /** Has the block staged there, if it is not, and tells the reader. */
  private def want(block: Int, place: StagingPlace, say: Option[ImportAnswer => Unit]): Unit = {
    val (at, claim) = synchronized {
      state.find(block, place.executorId) match {
        case Some((path, file)) if file.ready =>
          say.foreach(_ => state = state.pin(path))
          (Some(path), None)
        case Some((path, _)) =>
          say.foreach(s =>
            readers = readers.updatedWith(path)(w => Some(w.getOrElse(Vector.empty) :+ s))
          )
          (None, None)
        case None =>
          files += 1
          val path = s"${place.directory}/$id/$block-$files.arrow"
          state = state.demand(path, block, place.executorId, blocks(block).bytes)
          say.foreach(s => readers = readers.updated(path, Vector(s)))
          (None, Some(path))
      }
    }
    at.foreach(path => say.foreach(_(ImportAnswer.At(path))))
    claim.foreach(path => request(Demand(block, place.executorId, place.rayNodeId, path)))
  }

  private def request(demand: Demand): Unit = {
    val bytes = blocks(demand.block).bytes
    synchronized(waiting += demand.path)
    val ticket = staging.room.claim(demand.executorId, bytes) { () =>
      val late = synchronized {
        waiting -= demand.path
        if (over.isEmpty) demands = demands :+ demand
        notifyAll()
        over.isDefined
      }
      if (late) staging.room.free(demand.executorId, bytes)
    }
    val ended = synchronized {
      if (waiting(demand.path)) tickets = tickets :+ ticket
      over.isDefined
    }
    if (ended) ticket.close()
  }

  /** The eldest file beside that executor goes, if there is one that nobody reads. */
  private def giveUp(executorId: String): Boolean = {
    val eldest = synchronized {
      val found = state.eldest(executorId)
      found.foreach { case (path, _) => state = state.drop(path) }
      found
    }
    eldest.foreach { case (path, file) =>
      staging.discard(executorId, Vector(path))
      staging.room.free(executorId, file.bytes)
    }
    eldest.isDefined
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

  private def noNode(executorId: String): String =
    s"Spark executor $executorId has no Ray node on its host. Start a node on every executor " +
      "(num_nodes)."
}
