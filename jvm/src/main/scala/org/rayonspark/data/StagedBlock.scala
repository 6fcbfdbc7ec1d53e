package org.rayonspark.data

/**
 * A part of a DataFrame: an Arrow IPC stream in a file in the staging of a Ray node.
 *
 * @param id
 *   its number in the export
 * @param sequence
 *   its number in the partition
 * @param executorId
 *   executor whose staging holds it, usually the one that encoded it
 * @param path
 *   on that executor's host
 * @param local
 *   whether it was encoded on that host
 */
final case class StagedBlock(
    id: Long,
    partition: Int,
    sequence: Int,
    executorId: String,
    rayNodeId: String,
    path: String,
    rows: Long,
    bytes: Long,
    local: Boolean
)
