package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

class NodeEnvironmentSuite extends AnyFunSuite {
  private val all = Vector("*")

  private def inherits(name: String, patterns: Vector[String]): Boolean =
    NodeEnvironment(Map(name -> "v"), patterns, Map.empty) == Map(name -> "v")

  test("an empty environment stays empty") {
    assert(NodeEnvironment(Map.empty, all, Map.empty).isEmpty)
  }

  private val needed = Vector(
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

  private val ofTheUser = Vector(
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AZURE_CLIENT_ID",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "HF_HOME",
    "HF_TOKEN",
    "LD_PRELOAD",
    "MLFLOW_TRACKING_URI",
    "OMP_NUM_THREADS",
    "SOME_https_proxy",
    "MY_OWN"
  )

  private val dropped = Vector(
    "_SPARK_AUTH_SECRET",
    "SPARK_AUTH_SECRET",
    "SPARK_USER",
    "SPARK_EXECUTOR_DIRS",
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_GATEWAY_SECRET",
    "_PYSPARK_DRIVER_CONN_INFO_PATH",
    "PYTHON_WORKER_FACTORY_SECRET",
    "RAY_ADDRESS",
    "RAY_AUTH_MODE",
    "RAY_AUTH_TOKEN",
    "RAY_AUTH_TOKEN_PATH",
    "RAY_REDIS_PASSWORD",
    "RAY_JOB_CONFIG_JSON_ENV_VAR"
  )

  for (name <- needed)
    test(s"a node inherits $name, whatever the patterns are") {
      assert(inherits(name, all))
      assert(inherits(name, Vector.empty))
    }

  for (name <- ofTheUser)
    test(s"a node inherits $name if a pattern matches it") {
      assert(inherits(name, all))
      assert(inherits(name, Vector("NOTHING", name.take(3) + "*")))
      assert(!inherits(name, Vector("NOTHING")))
      assert(!inherits(name, Vector.empty))
    }

  for (name <- dropped)
    test(s"a node does not inherit $name, whatever the patterns are") {
      assert(!inherits(name, all))
      assert(!inherits(name, Vector(name)))
    }

  for (name <- Vector("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_PYTHON"))
    test(s"a node inherits $name, which describes the installation") {
      assert(inherits(name, all))
    }

  test("patterns distinguish capital letters") {
    assert(!inherits("My_own", Vector("MY_*")))
    assert(inherits("MY_1", Vector("MY_?")))
  }

  test("variables that are set override inherited ones, and need no pattern") {
    val decided = Map("PATH" -> "/mine", "MY_OWN" -> "1", "RAY_AUTH_TOKEN" -> "t")
    assert(NodeEnvironment(Map("PATH" -> "/theirs"), Vector.empty, decided) == decided)
  }
}
