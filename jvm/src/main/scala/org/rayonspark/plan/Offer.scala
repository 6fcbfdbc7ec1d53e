package org.rayonspark.plan

import org.rayonspark.conf.RayPort

/**
 * What one Spark executor (or the driver, for the head) can give to a Ray node, as it sees itself.
 *
 * @param executorId
 *   Spark's id of the executor; "driver" for the head
 * @param host
 *   the IP address that Ray binds and that the other nodes reach
 * @param cores
 *   task slots of the executor
 * @param gpuAddresses
 *   GPU addresses that Spark gave to the executor
 * @param memory
 *   what the executor may use
 * @param sharedMemory
 *   free bytes of the host's /dev/shm; None where there is none
 * @param ports
 *   free ports of `host`, held open until the node is launched
 * @param directory
 *   the node's own directory, mode 0700, removed with the node
 * @param localDirs
 *   Spark's local directories on the executor, for spilled objects
 * @param logDirectory
 *   where the node's logs go when it is gone
 * @param sharedLogs
 *   whether they lie there beside those of others, as flat as those: YARN collects no directories
 * @param pythonPath
 *   what the executor's Python workers have on their path
 * @param python
 *   version of the interpreter that runs Ray, such as "3.11.7"
 * @param ray
 *   version of Ray in that interpreter; None where it has none
 * @param unreachable
 *   why the executor could not open a connection to the head; None when it could
 */
final case class Offer(
    executorId: String,
    host: String,
    cores: Int,
    gpuAddresses: Vector[String],
    memory: MemoryOffer,
    sharedMemory: Option[Long],
    ports: Map[RayPort, Int],
    directory: String,
    localDirs: Vector[String],
    logDirectory: String,
    sharedLogs: Boolean,
    pythonPath: Vector[String],
    python: String,
    ray: Option[String],
    unreachable: Option[String]
)

/**
 * Bytes that an executor may use.
 *
 * @param limit
 *   the hard limit: the smaller of the cgroup's and the container's that the cluster manager
 *   enforces; None where nothing limits the executor
 * @param available
 *   what the host has left, shared by all executors on it
 * @param heap
 *   what the executor's JVM may take of it
 */
final case class MemoryOffer(limit: Option[Long], available: Long, heap: Long)
