package org.rayonspark.data

import org.apache.spark.internal.Logging
import org.apache.spark.sql.types.StructType
import org.rayonspark.{ClusterStoppedException, ExchangeException, RayOnSparkException}
import org.rayonspark.rendezvous.{Rendezvous, Wire}

import java.nio.file.Paths
import java.util.concurrent.atomic.AtomicLong
import scala.concurrent.ExecutionContext
import scala.concurrent.duration._
import scala.util.{Failure, Success}

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
  private var readers = Map.empty[String, Vector[ArrowImport.Reader]]
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
      val waiting = file.fold(Vector.empty[ArrowImport.Reader])(_ => takeReaders(path))
      state = waiting.foldLeft(state.staged(path, bytes))((s, r) => s.pin(path, r.executorId))
      (file, waiting)
    }
    file match {
      case Some(f) =>
        waiting.foreach(_.say(at(f.executorId, path)))
        staging.room.free(f.executorId, f.bytes - bytes)
        staging.room.press(f.executorId)
      // Ray was late: the frame is over, or the node was thought to be gone.
      case None =>
        staging.places
          .filter(p => path.startsWith(p.directory))
          .foreach(p => staging.discard(p.executorId, Vector(path)))
    }
  }

  /** The file of a demand will never be there. */
  def failed(path: String, why: String): Unit = {
    val (file, waiting) = synchronized {
      val file = state.files.get(path)
      state = state.drop(path)
      (file, takeReaders(path))
    }
    waiting.foreach(_.say(ImportAnswer.Refused(why)))
    file.foreach(f => staging.room.free(f.executorId, f.bytes))
  }

  private def at(executorId: String, path: String): ImportAnswer =
    ImportAnswer.At(executorId, Paths.get(path).getParent.getParent.toString, path)

  private def takeReaders(path: String): Vector[ArrowImport.Reader] = {
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
    told.foreach(_.say(ImportAnswer.Refused(why.getMessage)))
    if (first) {
      ending.close()
      keeping.close()
      server.close()
      ArrowImport.forget(id)
      open.foreach(_.close())
      val bytes = granted.groupMapReduce(_.executorId)(_.bytes)(_ + _)
      staging.places.foreach { p =>
        val deletion = staging.discard(p.executorId, Vector(s"${p.directory}/$id"))
        staging.room.freeAfter(deletion, p.executorId, bytes.getOrElse(p.executorId, 0L))
      }
    }
  }

  private def answer(bytes: Array[Byte], reply: Array[Byte] => Unit): Unit = {
    def say(answer: ImportAnswer): Unit = reply(Wire.encode(answer))
    Wire.decode[ImportQuestion](bytes) match {
      case ImportQuestion.Done(executorId, path) =>
        val file = synchronized {
          state = state.unpin(path, executorId)
          state.files.get(path)
        }
        say(ImportAnswer.Noted)
        file.foreach(f => staging.room.press(f.executorId))
      case ImportQuestion.OpenRoute(executorId) =>
        staging
          .route(executorId)
          .onComplete {
            case Success(address) => say(ImportAnswer.Route(address))
            case Failure(error) => say(ImportAnswer.Refused(error.getMessage))
          }(ExecutionContext.parasitic)
      case ImportQuestion.Fetch(block, executorId, missing) =>
        missing.foreach(gone)
        placeFor(executorId, homes(block)) match {
          case Some(place) => fetch(block, place, ArrowImport.Reader(executorId, say))
          case None => say(ImportAnswer.Refused(ArrowImport.noNode))
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

  /** The reader's own place, or one on its host, or the block's home, or any that is left. */
  private def placeFor(executorId: String, home: StagingPlace): Option[StagingPlace] = {
    val host = staging.hostOf(executorId)
    staging.places.minByOption { p =>
      (
        p.executorId != executorId,
        !host.contains(p.sparkHost),
        p.executorId != home.executorId,
        p.executorId == "driver"
      )
    }
  }

  private def fetch(block: Int, place: StagingPlace, reader: ArrowImport.Reader): Unit = {
    val host = staging.hostOf(reader.executorId)
    val refused = synchronized {
      if (over.isEmpty) {
        readBytes += blocks(block).bytes
        val hosts = Set(homes(block).sparkHost, place.sparkHost) ++ host
        if (hosts.size == 1) localBytes += blocks(block).bytes
      }
      over
    }
    refused match {
      case Some(why) => reader.say(ImportAnswer.Refused(why.getMessage))
      case None => want(block, place, Some(reader))
    }
  }

  /** Has the block staged there, if it is not, and tells the reader. */
  private def want(block: Int, place: StagingPlace, reader: Option[ArrowImport.Reader]): Unit = {
    val (ready, claim) = synchronized {
      state.find(block, place.executorId) match {
        case Some((path, file)) if file.ready =>
          reader.foreach(r => state = state.pin(path, r.executorId))
          (Some(path), None)
        case Some((path, _)) =>
          reader.foreach(r =>
            readers = readers.updatedWith(path)(w => Some(w.getOrElse(Vector.empty) :+ r))
          )
          (None, None)
        case None =>
          files += 1
          val path = s"${place.directory}/$id/$block-$files.arrow"
          state = state.demand(path, block, place.executorId, blocks(block).bytes)
          reader.foreach(r => readers = readers.updated(path, Vector(r)))
          (None, Some(path))
      }
    }
    ready.foreach(path => reader.foreach(_.say(at(place.executorId, path))))
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
      val found = state.eldest(executorId, staging.isAlive)
      found.foreach { case (path, _) => state = state.drop(path) }
      found
    }
    eldest.foreach { case (path, file) =>
      val deletion = staging.discard(executorId, Vector(path))
      staging.room.freeAfter(deletion, executorId, file.bytes)
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

  /** A task that waits for a file, and how it is told. */
  private final case class Reader(executorId: String, say: ImportAnswer => Unit)

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

  private val noNode: String =
    "The Ray nodes of the cluster are gone. Look for their end in the cluster's log, and read the " +
      "DataFrame again."
}
