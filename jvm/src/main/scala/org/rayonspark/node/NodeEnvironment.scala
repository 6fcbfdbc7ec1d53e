package org.rayonspark.node

import org.apache.commons.io.FilenameUtils

/**
 * Builds the environment of a node from that of the executor, as Spark's Python workers have it,
 * and from the variables that are set for the node. Left out are Spark's own variables, which hold
 * its secrets and its connection to the driver, and those of other Ray clusters.
 */
object NodeEnvironment {

  // What programs need to run; inherited whatever the user's patterns are.
  private val needed: Set[String] = Set(
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONNOUSERSITE",
    "PYTHONUTF8",
    "PYTHONIOENCODING",
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "JAVA_HOME",
    "CLASSPATH",
    "SPARK_HOME",
    "HADOOP_HOME",
    "HADOOP_COMMON_HOME",
    "HADOOP_HDFS_HOME",
    "HADOOP_CONF_DIR",
    "HADOOP_USER_NAME",
    "HADOOP_TOKEN_FILE_LOCATION",
    "YARN_CONF_DIR",
    "ARROW_LIBHDFS_DIR",
    "KRB5_CONFIG",
    "KRB5CCNAME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "ROCR_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES"
  )

  private val neededPrefixes: Vector[String] =
    Vector("LC_", "CUDA_", "NVIDIA_", "NCCL_", "RAY_")

  private val ofSpark: Vector[String] =
    Vector("SPARK_", "_SPARK_", "PYSPARK_", "_PYSPARK_", "PYTHON_WORKER_FACTORY_")

  // A task may start Spark itself.
  private val installation: Set[String] = Set("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_PYTHON")

  // Variables that processes of another Ray cluster have, and variables that name a cluster.
  private val otherClusters: Vector[String] = Vector(
    "RAY_ADDRESS",
    "RAY_API_SERVER_ADDRESS",
    "RAY_AUTH",
    "RAY_CLIENT_MODE",
    "RAY_GCS_SERVER_ADDRESS",
    "RAY_JOB_",
    "RAY_NAMESPACE",
    "RAY_NODE_",
    "RAY_OVERRIDE_",
    "RAY_RAYLET_",
    "RAY_REDIS_",
    "RAY_RUNTIME_ENV",
    "RAY_SESSION_",
    "RAY_SPILL",
    "RAY_TMPDIR",
    "RAY_WORKER_"
  )

  /**
   * @param inherited
   *   the environment of the executor's JVM
   * @param patterns
   *   names to inherit, with the wildcards `*` and `?`
   * @param decided
   *   the user's variables, and RayOnSpark's, which the user cannot set. They override `inherited`
   */
  def apply(
      inherited: Map[String, String],
      patterns: Vector[String],
      decided: Map[String, String]
  ): Map[String, String] =
    inherited.filter { case (name, _) => inherits(name, patterns) } ++ decided

  /** Whether a node inherits the variable with this name. */
  def inherits(name: String, patterns: Vector[String]): Boolean =
    !isForeign(name) && (isNeeded(name) || patterns.exists(FilenameUtils.wildcardMatch(name, _)))

  private def isForeign(name: String): Boolean =
    ofSpark.exists(name.startsWith) && !installation(name) ||
      otherClusters.exists(name.startsWith)

  private def isNeeded(name: String): Boolean =
    needed(name) || needed(name.toUpperCase) && name.endsWith("_proxy") ||
      neededPrefixes.exists(name.startsWith)
}
