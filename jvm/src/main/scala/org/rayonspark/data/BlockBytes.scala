package org.rayonspark.data

/** How large a block in staging should be at most, in either direction. */
private[rayonspark] object BlockBytes {

  /** What Ray makes one block of by default (`DataContext.target_max_block_size`). */
  private val most = 128L << 20

  /** So many blocks fit into the staging of a node, or two for each slot of its executor. */
  private val blocksInStaging = 4

  /** So that all slots of an executor can work on a block while others come and go. */
  def fair(places: Vector[StagingPlace], slots: Int): Long = {
    val slotsPerExecutor = slots / places.count(_.executorId != "driver").max(1) + 1
    val parts = blocksInStaging.max(2 * slotsPerExecutor)
    most.min(places.map(_.limit).minOption.getOrElse(Long.MaxValue) / parts).max(1L)
  }
}
