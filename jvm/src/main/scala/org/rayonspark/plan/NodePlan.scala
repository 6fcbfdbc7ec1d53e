package org.rayonspark.plan

import org.rayonspark.conf.RayPort

/**
 * The complete plan of one Ray node, from which its command line is made. Memory is in bytes.
 *
 * @param name
 *   Ray's name of the node: unique in the cluster, and different after each restart
 * @param gcsAddress
 *   "host:port" of the cluster's GCS; the head listens there
 * @param gpuAddresses
 *   addresses of the node's GPUs on its host, if Spark has assigned them; else empty
 * @param workerPorts
 *   port range for Ray's worker processes; None lets the system choose the ports
 * @param dashboardHost
 *   address that the head's dashboard binds to; None on workers, and if the dashboard is off or not
 *   installed
 * @param spillDirectory
 *   directory for objects that do not fit into the object store; created with mode 0700 before the
 *   node starts, and removed with the node
 * @param stagingDirectory
 *   directory for data in transit between Spark and Ray, in memory if the host has /dev/shm;
 *   created and removed like the spill directory
 * @param stagingMemory
 *   maximum size of the data there
 * @param logDirectory
 *   directory that receives its logs when it has ended
 * @param logPrefix
 *   prefix of the log files' names if other processes write logs to the same directory; else empty
 * @param extraArgs
 *   additional `ray start` options from the user
 */
final case class NodePlan(
    name: String,
    role: NodeRole,
    executorId: String,
    host: String,
    gcsAddress: String,
    cpus: Int,
    gpus: Double,
    gpuAddresses: Vector[String],
    memory: Long,
    objectStoreMemory: Long,
    resources: Map[String, Double],
    labels: Map[String, String],
    ports: Map[RayPort, Int],
    workerPorts: Option[Range],
    dashboardHost: Option[String],
    directory: String,
    spillDirectory: Option[String],
    stagingDirectory: String,
    stagingMemory: Long,
    logDirectory: String,
    logPrefix: String,
    pythonPath: Vector[String],
    extraArgs: Vector[String]
) {

  /** The path or file pattern under which a user finds its logs. */
  def logs: String = if (logPrefix.isEmpty) logDirectory else s"$logDirectory/$logPrefix*"
}
