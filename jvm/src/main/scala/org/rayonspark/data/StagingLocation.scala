package org.rayonspark.data

/**
 * The directory in which one executor's data is staged between Spark and Ray.
 *
 * @param host
 *   the executor's IP address
 * @param sparkHost
 *   the host's name, as Spark's scheduler knows it
 * @param rayNodeId
 *   the Ray node next to the executor
 * @param directory
 *   in memory where the host has /dev/shm
 * @param limit
 *   bytes that may be staged there
 */
final case class StagingLocation(
    executorId: String,
    host: String,
    sparkHost: String,
    rayNodeId: String,
    directory: String,
    limit: Long
)
