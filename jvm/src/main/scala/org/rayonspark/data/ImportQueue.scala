package org.rayonspark.data

import org.apache.spark.sql.types.StructType
import org.rayonspark.{ExchangeException, RayOnSparkException}

import java.util.concurrent.{ConcurrentHashMap, LinkedBlockingQueue, TimeUnit}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/**
 * The frames that one process passes to Spark, with one queue for the events of all of them, so
 * that a single thread of that process can handle them. All methods may be called from any thread.
 */
private[rayonspark] final class ImportQueue(staging: Staging) extends ImportListener {
  private val queue = new LinkedBlockingQueue[() => Option[ImportEvent]]
  private val open = new ConcurrentHashMap[String, ArrowImport]
  // Guarded by this, so that no frame begins after the close.
  private var why: Option[RayOnSparkException] = None

  /**
   * Creates a frame. It requests no blocks before [[ArrowImport.begin]].
   *
   * @throws ClusterStoppedException
   *   when the cluster is not running
   * @throws ExchangeException
   *   when the queue is closed
   */
  def start(schema: StructType, blocks: Vector[ImportBlock]): ArrowImport = synchronized {
    why.foreach(throw _)
    val frame = ArrowImport.start(staging, this, schema, blocks)
    open.put(frame.id, frame)
    // It may have ended before it was added.
    if (frame.released) open.remove(frame.id)
    frame
  }

  /** Waits for events; returns none when `limit` has passed, or when all events are obsolete. */
  def next(limit: FiniteDuration): Vector[ImportEvent] =
    Option(queue.poll(limit.toMillis, TimeUnit.MILLISECONDS)).toVector.flatMap { first =>
      val rest = new java.util.ArrayList[() => Option[ImportEvent]]
      queue.drainTo(rest, ImportQueue.maxEvents)
      (first +: rest.asScala.toVector).flatMap(_())
    }

  /** Whether the queue is closed, so that all frames have ended. */
  def closed: Boolean = synchronized(why.isDefined)

  /**
   * Ends all frames because their process no longer serves them; readers get `reason`. Idempotent.
   */
  def close(reason: String): Unit = {
    val error = new ExchangeException(reason)
    synchronized { why = why.orElse(Some(error)) }
    open.values.forEach(_.fail(error))
    // Wake a thread that waits in `next`.
    queue.put(() => None)
  }

  override def blockRequested(frame: String, take: () => Option[BlockRequest]): Unit =
    queue.put(() => take().map(ImportEvent.BlockRequested(frame, _)))

  override def frameReleased(frame: String): Unit = {
    open.remove(frame)
    queue.put(() => Some(ImportEvent.FrameReleased(frame)))
  }
}

private object ImportQueue {

  /** Maximum number of events, after the first, that one call returns. */
  private val maxEvents = 1000
}
