package org.rayonspark.data

import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.{ExecutionContext, Future}

/**
 * The memory of all staging locations of one cluster, which transfers reserve and release.
 * Thread-safe.
 *
 * @param limits
 *   bytes that each executor with a live node may have in staging. It is read at every reservation
 *   and release, on Spark's RPC threads and under a lock, so it must not block.
 */
final class StagingPool(limits: () => Map[String, Long]) {
  // Guarded by this.
  private var state = StagingPoolState(Map.empty)
  private var tickets = Map.empty[Long, () => Unit]
  private var last = 0L
  private val evictors = ConcurrentHashMap.newKeySet[String => Boolean]()

  /**
   * Calls `granted`, on this or another thread, as soon as `bytes` fit. Close the result to
   * withdraw a reservation that is still waiting.
   */
  def reserve(executorId: String, bytes: Long)(granted: () => Unit): AutoCloseable = {
    val ticket = synchronized {
      last += 1
      tickets = tickets.updated(last, granted)
      last
    }
    change(_.reserve(executorId, bytes, ticket))
    evictForWaiting(executorId)
    () =>
      change { before =>
        tickets -= ticket
        before.forget(ticket)
      }
  }

  def release(executorId: String, bytes: Long): Unit = change(_.release(executorId, bytes))

  /** Releases bytes once their deletion has ended, successfully or not. */
  def releaseAfter(deletion: Future[_], executorId: String, bytes: Long): Unit = {
    synchronized { state = state.leave(executorId, bytes) }
    deletion.onComplete(_ => change(_.left(executorId, bytes)))(ExecutionContext.parasitic)
  }

  /** Returns the bytes that are reserved or staged there. */
  def used(executorId: String): Long = synchronized(state.used.getOrElse(executorId, 0L))

  /**
   * Registers an owner of staged data that may be evicted. `evict` frees its least needed item in
   * an executor's staging, and returns whether there was one. Close the result to unregister it.
   */
  def addEvictor(evict: String => Boolean): AutoCloseable = {
    evictors.add(evict)
    () => { evictors.remove(evict); () }
  }

  /** Evicts data while reservations wait for room in that executor's staging. */
  def evictForWaiting(executorId: String): Unit =
    while (synchronized(state.isShort(executorId)) && evictors.stream.anyMatch(_(executorId))) ()

  private def change(step: StagingPoolState => (StagingPoolState, Vector[Long])): Unit = {
    val due = synchronized {
      val (next, granted) = step(state.copy(limits = limits()))
      state = next
      val calls = granted.flatMap(tickets.get)
      tickets --= granted
      calls
    }
    // Outside the lock, because the callbacks may reserve and release.
    due.foreach(_())
  }
}
