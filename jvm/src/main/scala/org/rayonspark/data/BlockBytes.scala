package org.rayonspark.data

/** Limits the size of a staged block, in either direction. */
private[rayonspark] object BlockBytes {

  /** Ray's default size of a block (`DataContext.target_max_block_size`). */
  private val rayBlockBytes = 128L << 20

  /** How many blocks a node's staging holds at least; more if its executor has many slots. */
  private val blocksInStaging = 4

  /**
   * Returns the largest size, in bytes, at which every task slot of an executor can work on a block
   * while other blocks are in staging; never more than Ray's default.
   */
  def fair(locations: Vector[StagingLocation], slots: Int): Long = {
    val slotsPerExecutor = slots / locations.count(_.executorId != "driver").max(1) + 1
    val parts = blocksInStaging.max(2 * slotsPerExecutor)
    rayBlockBytes.min(locations.map(_.limit).minOption.getOrElse(Long.MaxValue) / parts).max(1L)
  }
}
