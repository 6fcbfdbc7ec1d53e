package org.rayonspark.plan

import org.rayonspark.conf.RayPort

/**
 * What one Ray node will be: everything that its command line says, and nothing that only the
 * moment knows. Memory is in bytes.
 *
 * @param name
 *   Ray's node name: unique in the cluster, and new after each restart
 * @param gcsAddress
 *   "host:port" of the cluster's GCS; the head listens there
 * @param gpuAddresses
 *   the GPUs of its host that are the node's own, as many as `gpus`
 * @param workerPorts
 *   range for Ray's worker processes; None lets the system choose
 * @param dashboardHost
 *   address that the head's dashboard binds; None on workers, and where it is off
 * @param spillDirectory
 *   where objects go that the object store cannot hold; its parent is the node's own, to be made
 *   with mode 0700 before the node starts, and to be removed with it
 * @param stagingDirectory
 *   where data waits on its way between Spark and Ray, in memory where the host has /dev/shm; made
 *   and removed as the spill directory is
 * @param stagingMemory
 *   what may wait there
 * @param logDirectory
 *   where its logs go when it is gone
 * @param logPrefix
 *   what the names of those files begin with where others' logs lie beside them; else empty
 * @param extraArgs
 *   the user's own options of `ray start`
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

  /** Where a user finds its logs. */
  def logs: String = if (logPrefix.isEmpty) logDirectory else s"$logDirectory/$logPrefix*"
}
