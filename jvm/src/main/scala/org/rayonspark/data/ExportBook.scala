package org.rayonspark.data

import scala.concurrent.duration._

/** The state of one export as many threads see it: some change it, some wait for a change. */
private[data] final class ExportBook {

  // All guarded by this; waiters are woken by every change.
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

  /** All partitions are encoded. */
  def ended(): Unit = synchronized {
    isEncoded = true
    notifyAll()
  }

  def finished: Boolean = synchronized(isEncoded && now.ready.isEmpty && !now.hasLost)

  /** Takes what is ready, or waits for it; throws what ended the export. */
  def next(limit: FiniteDuration): Vector[StagedBlock] = {
    val deadline = limit.fromNow
    synchronized {
      while (failure.isEmpty && now.ready.isEmpty && !finished && deadline.hasTimeLeft())
        wait(deadline.timeLeft.toMillis.max(1))
      failure.foreach(throw _)
      change(_.take)
    }
  }

  /** Takes that block, or waits for it; throws what ended the export. */
  def await(id: Long): StagedBlock = synchronized {
    while (failure.isEmpty && now.take(id).isEmpty) wait()
    failure.foreach(throw _)
    val (after, block) = now.take(id).get
    now = after
    block
  }

  /** Waits until blocks are lost; no partitions when the export is over. */
  def nextLost(): Vector[Int] = synchronized {
    while (failure.isEmpty && !now.hasLost) wait()
    if (failure.isDefined) Vector.empty else now.lostPartitions
  }

  /** Whether the block was taken over: no other attempt was quicker, and it is still wanted. */
  def written(block: StagedBlock, attempt: Long, last: Boolean): Boolean = synchronized {
    val after = if (failure.isDefined) None else now.written(block, attempt, last)
    after.foreach { s =>
      now = s
      notifyAll()
    }
    after.isDefined
  }

  /** Why it is over, if it is. */
  def over: Option[String] = synchronized(failure.map(_.getMessage))

  /** The first reason stays; whether this was it. */
  def fail(why: => Throwable): Boolean = synchronized {
    val first = failure.isEmpty
    if (first) failure = Some(why)
    notifyAll()
    first
  }

  /** What is staged, which nobody takes over any more; None when it is closed already. */
  def close(why: => Throwable): Option[Vector[StagedBlock]] = synchronized {
    fail(why)
    val first = !isClosed
    isClosed = true
    Option.when(first)(now.staged)
  }
}
