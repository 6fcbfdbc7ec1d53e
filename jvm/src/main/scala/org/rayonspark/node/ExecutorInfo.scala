package org.rayonspark.node

/**
 * What Spark knows about the JVM that a node agent runs in.
 *
 * @param executorId
 *   Spark's id of the executor; "driver" for the driver's JVM
 * @param host
 *   the IP address at which Spark's other processes reach this JVM
 * @param gpuAddresses
 *   addresses of the GPUs that Spark has assigned
 * @param localDirs
 *   Spark's local directories
 * @param containerMemory
 *   the container's memory limit in bytes, if the cluster manager enforces it without a control
 *   group
 * @param logDirectory
 *   where the executor's logs are; None on a driver without a log directory
 * @param sharedLogs
 *   whether the cluster manager collects the files in `logDirectory`, but not its subdirectories
 * @param environment
 *   variables that a node here has in addition to those of this JVM, unless the user sets them: on
 *   YARN those with which it reaches the cluster's file system, on a local master
 *   `spark.executorEnv.*`
 * @param pythonPath
 *   the Python path of Spark's Python workers
 * @param fetchedFiles
 *   the directory in which Spark keeps the files that `addFile` and `addPyFile` have added
 */
final case class ExecutorInfo(
    executorId: String,
    host: String,
    gpuAddresses: Vector[String],
    localDirs: Vector[String],
    containerMemory: Option[Long],
    logDirectory: Option[String],
    sharedLogs: Boolean,
    environment: Map[String, String],
    pythonPath: Vector[String],
    fetchedFiles: String
)
