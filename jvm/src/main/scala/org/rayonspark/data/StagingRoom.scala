package org.rayonspark.data

import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.{ExecutionContext, Future}

/** The staging of one cluster as a resource that is claimed and freed, from any thread. */
final class StagingRoom(places: () => Vector[StagingPlace]) {
  // Guarded by this.
  private var ledger = StagingLedger(Map.empty)
  private var tickets = Map.empty[Long, () => Unit]
  private var last = 0L
  private val holders = ConcurrentHashMap.newKeySet[String => Boolean]()

  /**
   * Has `granted` called when there is room for `bytes`, on this or another thread. The result
   * takes back a claim that is still waiting.
   */
  def claim(executorId: String, bytes: Long)(granted: () => Unit): AutoCloseable = {
    val ticket = synchronized {
      last += 1
      tickets = tickets.updated(last, granted)
      last
    }
    change(_.claim(executorId, bytes, ticket))
    press(executorId)
    () =>
      change { before =>
        tickets -= ticket
        before.forget(ticket)
      }
  }

  def free(executorId: String, bytes: Long): Unit = change(_.free(executorId, bytes))

  /** Frees bytes when their deletion has ended, well or not. */
  def freeAfter(deletion: Future[_], executorId: String, bytes: Long): Unit = {
    synchronized { ledger = ledger.leave(executorId, bytes) }
    deletion.onComplete(_ => change(_.left(executorId, bytes)))(ExecutionContext.parasitic)
  }

  /** Bytes that are claimed or staged there. */
  def used(executorId: String): Long = synchronized(ledger.used.getOrElse(executorId, 0L))

  /**
   * Registers one who keeps things in staging that may go. `giveUp` frees the least needed of them
   * beside an executor, and says whether there was any; closing the result takes that back.
   */
  def keep(giveUp: String => Boolean): AutoCloseable = {
    holders.add(giveUp)
    () => { holders.remove(giveUp); () }
  }

  /** Has things go for as long as claims wait for room beside that executor. */
  def press(executorId: String): Unit =
    while (synchronized(ledger.isShort(executorId)) && holders.stream.anyMatch(_(executorId))) ()

  private def change(step: StagingLedger => (StagingLedger, Vector[Long])): Unit = {
    val due = synchronized {
      val limits = places().map(place => place.executorId -> place.limit).toMap
      val (next, granted) = step(ledger.copy(limits = limits))
      ledger = next
      val calls = granted.flatMap(tickets.get)
      tickets --= granted
      calls
    }
    // Outside of the lock: they may claim and free themselves.
    due.foreach(_())
  }
}
