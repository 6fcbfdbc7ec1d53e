package org.rayonspark.data

/**
 * A part of a DataFrame as an Arrow IPC stream in a file, beside a Ray node.
 *
 * @param id
 *   its number in the export
 * @param sequence
 *   its number in the partition
 * @param path
 *   on the executor's host
 */
final case class StagedBlock(
    id: Long,
    partition: Int,
    sequence: Int,
    executorId: String,
    rayNodeId: String,
    path: String,
    rows: Long,
    bytes: Long
)
