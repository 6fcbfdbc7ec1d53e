package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

class NodeEnvironmentSuite extends AnyFunSuite {

  test("an empty environment stays empty") {
    assert(NodeEnvironment(Map.empty, Map.empty).isEmpty)
  }

  private val inherited = Vector(
    "PATH",
    "HOME",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "HADOOP_CONF_DIR",
    "HADOOP_TOKEN_FILE_LOCATION",
    "https_proxy",
    "HTTPS_PROXY",
    "SSL_CERT_FILE",
    "RAY_USAGE_STATS_ENABLED",
    "RAY_gcs_rpc_server_reconnect_timeout_s"
  )

  private val dropped = Vector(
    "_SPARK_AUTH_SECRET",
    "SPARK_AUTH_SECRET",
    "SPARK_USER",
    "SPARK_EXECUTOR_DIRS",
    "PYSPARK_GATEWAY_SECRET",
    "PYTHON_WORKER_FACTORY_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "HF_TOKEN",
    "RAY_ADDRESS",
    "RAY_AUTH_MODE",
    "RAY_AUTH_TOKEN",
    "RAY_AUTH_TOKEN_PATH",
    "RAY_REDIS_PASSWORD",
    "RAY_JOB_CONFIG_JSON_ENV_VAR",
    "SOME_https_proxy",
    "MY_OWN"
  )

  for (name <- inherited)
    test(s"a node inherits $name") {
      assert(NodeEnvironment(Map(name -> "v"), Map.empty) == Map(name -> "v"))
    }

  for (name <- dropped)
    test(s"a node does not inherit $name") {
      assert(NodeEnvironment(Map(name -> "v"), Map.empty).isEmpty)
    }

  test("what is decided wins over what is inherited, and needs no place on the list") {
    val decided = Map("PATH" -> "/mine", "MY_OWN" -> "1", "RAY_AUTH_TOKEN" -> "t")
    assert(NodeEnvironment(Map("PATH" -> "/theirs"), decided) == decided)
  }
}
