package org.rayonspark.plan

import org.rayonspark.conf.RayPort

/**
 * What one Spark executor (or the driver, for the head) can offer to a Ray node, as its agent has
 * determined.
 *
 * @param executorId
 *   Spark's id of the executor; "driver" for the head
 * @param host
 *   the IP address that Ray binds to and that the other nodes connect to
 * @param cores
 *   task slots of the executor
 * @param gpuAddresses
 *   addresses of the GPUs that Spark has assigned to the executor
 * @param memory
 *   memory that the executor may use
 * @param sharedMemory
 *   free bytes in the host's /dev/shm; None if it has none
 * @param ports
 *   free ports of `host`, held open until the node is launched
 * @param directory
 *   the node's private directory, mode 0700, removed with the node
 * @param localDirs
 *   Spark's local directories on the executor, for spilled objects
 * @param logDirectory
 *   directory that receives the node's logs when it has ended
 * @param sharedLogs
 *   whether other processes log there too; the node's logs are then flat files, because YARN does
 *   not collect directories
 * @param pythonPath
 *   entries of the Python path of Spark's Python workers on the executor
 * @param python
 *   version of the interpreter that runs Ray, such as "3.11.7"
 * @param ray
 *   version of Ray in that interpreter; None if it is not installed
 * @param dashboard
 *   whether the packages of Ray's dashboard are installed there
 * @param unreachable
 *   why the executor could not open a connection to the head; None when it could
 */
final case class ResourceOffer(
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
    dashboard: Boolean,
    unreachable: Option[String]
)

/**
 * Memory that an executor may use, in bytes.
 *
 * @param limit
 *   the hard limit: the smaller of the cgroup's limit and the container's limit that the cluster
 *   manager enforces; None if there is neither
 * @param available
 *   available memory of the host, which all executors on it share
 * @param heap
 *   maximum heap of the executor's JVM
 */
final case class MemoryOffer(limit: Option[Long], available: Long, heap: Long)
