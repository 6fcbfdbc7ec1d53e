package org.rayonspark.data

/** Holds an import's state. Thread-safe. */
private[data] final class ImportTracker {

  // Guarded by this.
  private var now = ImportState()

  def state: ImportState = synchronized(now)

  def change[A](step: ImportState => (ImportState, A)): A = synchronized {
    val (after, result) = step(now)
    now = after
    result
  }
}
