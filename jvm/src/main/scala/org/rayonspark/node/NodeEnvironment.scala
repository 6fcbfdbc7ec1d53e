package org.rayonspark.node

/**
 * The environment of a node: what it needs of the executor's own, and what it is given. Spark's
 * secrets are not on the list, nor is anything else that nobody thought of.
 */
object NodeEnvironment {

  private val names: Set[String] = Set(
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
    // Who one is in a cloud, and never the secret that proves it.
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "ROCR_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES"
  )

  private val prefixes: Vector[String] = Vector("LC_", "CUDA_", "NVIDIA_", "NCCL_", "RAY_")

  // What a process inside another Ray cluster has, and what says which cluster that is.
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

  // Names that tell of a secret, whatever they begin with.
  private val secrets: Vector[String] = Vector("TOKEN", "PASSWORD", "SECRET", "CREDENTIAL")

  /**
   * @param inherited
   *   the environment of the executor's JVM
   * @param decided
   *   the user's variables, and ours, which the user cannot set; they win
   */
  def apply(inherited: Map[String, String], decided: Map[String, String]): Map[String, String] =
    inherited.filter { case (name, _) => allows(name) } ++ decided

  private[node] def allows(name: String): Boolean =
    names.contains(name) || names.contains(name.toUpperCase) && name.endsWith("_proxy") ||
      (prefixes.exists(name.startsWith) && !otherClusters.exists(name.startsWith) &&
        !secrets.exists(name.toUpperCase.contains))
}
