package org.rayonspark.data

/**
 * Where the data of one executor waits on its way between Spark and Ray.
 *
 * @param host
 *   the executor's IP address
 * @param sparkHost
 *   its name, as Spark's scheduler knows it
 * @param rayNodeId
 *   the Ray node beside it
 * @param directory
 *   in memory where the host has /dev/shm
 * @param limit
 *   bytes that may wait there
 */
final case class StagingPlace(
    executorId: String,
    host: String,
    sparkHost: String,
    rayNodeId: String,
    directory: String,
    limit: Long
)
