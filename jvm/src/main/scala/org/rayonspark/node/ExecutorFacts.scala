package org.rayonspark.node

/**
 * What Spark says of the JVM that a keeper runs in.
 *
 * @param host
 *   the IP address at which Spark's other processes reach it
 * @param localDirs
 *   Spark's local directories
 * @param workDirectory
 *   the executor's own directory, where its logs are; None on a driver
 * @param pythonPath
 *   what Spark's Python workers have on their path
 */
final case class ExecutorFacts(
    executorId: String,
    host: String,
    gpuAddresses: Vector[String],
    localDirs: Vector[String],
    workDirectory: Option[String],
    pythonPath: Vector[String]
)
