package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

import scala.concurrent.duration._

final class KeysSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  test("the fields have the documented names, in order") {
    assert(
      Keys.all.map(_.field).mkString(" ") ==
        "num_nodes cpus_per_node gpus_per_node memory object_store_memory staging_memory " +
        "head_cpus resources labels env env_passthrough python head_args worker_args ports " +
        "scheduling slots start_timeout temp_dir spill_dir dashboard dashboard_host " +
        "dashboard_port usage_stats log_dir auth max_restarts drain_timeout"
    )
  }

  test("a Spark key has the field's name in camel case") {
    assert(Keys.objectStoreMemory.setting == "spark.rayonspark.objectStoreMemory")
  }

  test("a value that can never work is rejected with what to change") {
    val bad = Table(
      ("key", "text", "why"),
      (Keys.numNodes, "0", "it must be an integer of at least 1"),
      (Keys.numNodes, "-1", "it must be an integer of at least 1"),
      (Keys.numNodes, "two", "it must be an integer of at least 1"),
      (Keys.headCpus, "-1", "it must be an integer of at least 0"),
      (
        Keys.gpusPerNode,
        "0.5",
        "it must be a whole number of at least 0: `ray start` accepts no fractions"
      ),
      (
        Keys.memory,
        "lots",
        """it must be a size such as "500m", "1.5g", "2gb" or "4096" (bytes)"""
      ),
      (Keys.objectStoreMemory, "74m", "Ray's object store needs at least 75 MiB"),
      (
        Keys.resources,
        "slot=1.5",
        "slot is 1.5, and it must be a whole number of at least 0: `ray start` accepts no fractions"
      ),
      (Keys.resources, "CPU=1", "CPU is set by RayOnSpark; use cpus_per_node instead"),
      (
        Keys.labels,
        "a",
        """it must be a JSON object or name=value pairs, but "a" is neither"""
      ),
      (Keys.labels, "a=1,a=2", "it has a twice"),
      (Keys.envPassthrough, "AWS_*=1", "AWS_*=1 has a value; set variables with env"),
      (
        Keys.envPassthrough,
        "AWS_*,HF_HOME",
        "AWS_*,HF_HOME has a comma; separate names by spaces"
      ),
      (
        Keys.headArgs,
        "--num-cpus=4",
        "--num-cpus is set by RayOnSpark; use cpus_per_node or head_cpus instead"
      ),
      (
        Keys.headArgs,
        "--num-gpus=2",
        "--num-gpus is set by RayOnSpark; use gpus_per_node instead, which counts for the head " +
          "only if it is the only node"
      ),
      (Keys.workerArgs, "--block", "--block is set by RayOnSpark and cannot be changed"),
      (Keys.workerArgs, "--port 6379", "--port is set by RayOnSpark; use ports instead"),
      (Keys.scheduling, "eager", "it must be barrier or plain"),
      (Keys.slots, "", "it must be shared or reserved"),
      (Keys.startTimeout, "0", "it must be at least 1 ms"),
      (Keys.tempDir, "tmp", "it must be an absolute path"),
      (Keys.dashboard, "maybe", "it must be true or false"),
      (Keys.dashboardPort, "70000", "it must be a port from 1 to 65535"),
      (Keys.auth, "none", "it must be token or disabled"),
      (Keys.maxRestarts, "-1", "it must be an integer of at least 0"),
      (Keys.drainTimeout, "soon", """it must be a duration such as "120s", "2min" or "500ms"""")
    )
    forAll(bad) { (key, text, why) =>
      val message = s"""The value "$text" of ${key.field} cannot be used: $why. """ +
        s"Change ${key.field}, or ${key.setting}."
      assert(key.parse(text) == Left(message))
    }
  }

  test("an error about the environment does not show its values") {
    val error = Keys.env.parse("""{"PASSWORD": "hunter2", "RAY_AUTH_TOKEN": "0123"}""")
    assert(
      error == Left(
        "The value of env cannot be used: RAY_AUTH_TOKEN is set by RayOnSpark; use auth " +
          "instead. Change env, or spark.rayonspark.env."
      )
    )
    assert(Keys.env.parse("hunter2").left.exists(!_.contains("hunter2")))
    assert(Keys.env.parse("""{"A": hunter2}""").left.exists(!_.contains("hunter2")))
  }

  test("a drain timeout of 0 turns draining off") {
    for (none <- Vector("0", "0s", "0ms", "0.0 s"))
      assert(Keys.drainTimeout.parse(none) == Right(Duration.Zero))
    assert(Keys.drainTimeout.parse("0.5s") == Right(500.millis))
    assert(Keys.drainTimeout.parse("05") == Right(5.seconds))
  }

  test("maps and lists are parsed as JSON and as plain words") {
    assert(Keys.env.parse("""{"A": "1,2", "B": 3}""") == Right(Map("A" -> "1,2", "B" -> "3")))
    assert(Keys.env.parse("A=1=2, B=3") == Right(Map("A" -> "1=2", "B" -> "3")))
    assert(Keys.env.parse("") == Right(Map.empty))
    assert(Keys.workerArgs.parse("""["--a=b c", "-d"]""") == Right(Vector("--a=b c", "-d")))
    assert(Keys.workerArgs.parse(" --a=b  -d ") == Right(Vector("--a=b", "-d")))
    assert(Keys.resources.parse("""{"slot": 2}""") == Right(Map("slot" -> 2.0)))
  }
}
