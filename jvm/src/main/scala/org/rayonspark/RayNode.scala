package org.rayonspark

import java.util.{Map => JMap}

/**
 * One node of a Ray cluster, as it is now. Memory is in bytes.
 *
 * @param rayNodeId
 *   Ray's id of the node, in hex; empty until GCS lists it
 * @param role
 *   "head" or "worker"
 * @param executorId
 *   Spark's id of the executor beside it; "driver" for the head
 * @param pid
 *   of the node's `ray start` on its host; 0 until it runs
 * @param state
 *   "waiting", "preparing", "offered", "planned", "launched", "alive", "draining", "restarting",
 *   "lost", "drained", "failed" or "stopped"
 * @param restarts
 *   how often it has been started again
 * @param ports
 *   by name, such as "gcs" or "node_manager"
 * @param logDirectory
 *   where its logs are when it is gone
 */
final case class RayNode(
    rayNodeId: String,
    role: String,
    host: String,
    executorId: String,
    pid: Long,
    cpus: Int,
    gpus: Double,
    memory: Long,
    objectStoreMemory: Long,
    state: String,
    restarts: Int,
    ports: JMap[String, Integer],
    logDirectory: String
)
