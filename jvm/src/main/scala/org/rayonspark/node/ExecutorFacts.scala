package org.rayonspark.node

/**
 * What Spark says of the JVM that a keeper runs in.
 *
 * @param host
 *   the IP address at which Spark's other processes reach it
 * @param localDirs
 *   Spark's local directories
 * @param containerMemory
 *   bytes of the container that the cluster manager enforces, where no control group tells of it
 * @param logDirectory
 *   where the executor's logs are; None on a driver that has no place of its own
 * @param sharedLogs
 *   whether they are collected from there, and no directory is
 * @param environment
 *   variables for a node here, where nobody sets them: how it reaches the cluster's file system
 * @param pythonPath
 *   what Spark's Python workers have on their path
 */
final case class ExecutorFacts(
    executorId: String,
    host: String,
    gpuAddresses: Vector[String],
    localDirs: Vector[String],
    containerMemory: Option[Long],
    logDirectory: Option[String],
    sharedLogs: Boolean,
    environment: Map[String, String],
    pythonPath: Vector[String]
)
