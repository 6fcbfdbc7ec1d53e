package org.rayonspark

import java.util.{Map => JMap}

/**
 * A snapshot of one node of a Ray cluster. Memory is in bytes.
 *
 * @param rayNodeId
 *   Ray's hexadecimal id of the node; empty while GCS does not list it as alive
 * @param role
 *   "head" or "worker"
 * @param executorId
 *   Spark's id of the executor that the node runs next to; "driver" for the head
 * @param pid
 *   process id of the node's `ray start` on its host; 0 until it runs
 * @param state
 *   "waiting", "preparing", "offered", "planned", "launched", "alive", "draining", "restarting",
 *   "lost", "drained", "failed" or "stopped"
 * @param restarts
 *   how often the node has been restarted
 * @param ports
 *   port numbers by name, such as "gcs" or "node_manager"
 * @param logDirectory
 *   directory that holds the node's logs after it has ended
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
