package org.rayonspark.data

/** The staging of one cluster as a resource that is claimed and freed, from any thread. */
final class StagingRoom(places: () => Vector[StagingPlace]) {
  // Guarded by this.
  private var ledger = StagingLedger(Map.empty)
  private var tickets = Map.empty[Long, () => Unit]
  private var last = 0L

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
    () =>
      synchronized {
        tickets -= ticket
        ledger = ledger.forget(_ == ticket)
      }
  }

  def free(executorId: String, bytes: Long): Unit = change(_.free(executorId, bytes))

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
