package org.rayonspark.data

import org.rayonspark.ExchangeException

import scala.concurrent.duration._

/** Holds an export's state. Thread-safe: some threads change it, others wait for a change. */
private[data] final class ExportTracker {

  // All guarded by this; every change wakes the waiters.
  private var now = ExportState()
  private var failure: Option[Throwable] = None
  private var isEncoded = false
  private var isClosed = false

  def state: ExportState = synchronized(now)

  def change[A](step: ExportState => (ExportState, A)): A = synchronized {
    val (after, result) = step(now)
    now = after
    notifyAll()
    result
  }

  /**
   * Applies a change that makes files obsolete, and returns their blocks. Empty after [[close]],
   * which has already returned all of them.
   */
  def drop(step: ExportState => (ExportState, Vector[StagedBlock])): Vector[StagedBlock] =
    synchronized(if (isClosed) Vector.empty else change(step))

  /** Records that all partitions are encoded. */
  def ended(): Unit = synchronized {
    isEncoded = true
    notifyAll()
  }

  /**
   * Whether all partitions are encoded and the load has released every block. Only the load can
   * make this false again, by asking for a block.
   */
  def finished: Boolean = synchronized(isEncoded && now.unloaded == 0)

  /**
   * Returns the blocks that are ready for a reader, and waits up to `limit` for the first. For the
   * load, the wait also ends when the export is finished. Throws the error that ended the export.
   */
  def next(reader: BlockReader, limit: FiniteDuration): Vector[StagedBlock] = {
    val deadline = limit.fromNow
    def mayCome: Boolean = reader == BlockReader.Retry || !finished
    synchronized {
      while (failure.isEmpty && now.ready(reader).isEmpty && mayCome && deadline.hasTimeLeft())
        wait(deadline.timeLeft.toMillis.max(1))
      failure.foreach(throw _)
      change(_.take(reader))
    }
  }

  /**
   * Requests a block again for a reader. Returns the block whose file must be deleted, if any.
   * Throws the error that ended the export, because nothing is encoded after that.
   */
  def want(reader: BlockReader, id: Long, gone: String): Option[StagedBlock] = synchronized {
    failure.foreach(throw _)
    if (!now.ids.indices.contains(id.toInt))
      throw new ExchangeException(
        s"Block $id was requested again, but the DataFrame has ${now.ids.size} blocks. Report " +
          "this as a bug in RayOnSpark, and move the DataFrame again."
      )
    change(_.want(reader, id, gone))
  }

  /** Waits until blocks are lost, and returns their partitions; none when the export is over. */
  def nextLost(): Vector[Int] = synchronized {
    while (failure.isEmpty && !now.hasLost) wait()
    if (failure.isDefined) Vector.empty else now.lostPartitions
  }

  /** Adds a block. False when another attempt was faster, or the export is over. */
  def written(block: StagedBlock, attempt: Long, last: Boolean): Boolean = synchronized {
    val after = if (failure.isDefined) None else now.written(block, attempt, last)
    after.foreach { s =>
      now = s
      notifyAll()
    }
    after.isDefined
  }

  /** Returns why the export is over, if it is. */
  def over: Option[String] = synchronized(failure.map(_.getMessage))

  /** Ends the export with an error. True if this was the first one, which stays. */
  def fail(why: => Throwable): Boolean = synchronized {
    val first = failure.isEmpty
    if (first) failure = Some(why)
    notifyAll()
    first
  }

  /** Ends the export and returns the blocks that still have files; None if it was closed before. */
  def close(why: => Throwable): Option[Vector[StagedBlock]] = synchronized {
    fail(why)
    val first = !isClosed
    isClosed = true
    Option.when(first)(now.staged)
  }
}
