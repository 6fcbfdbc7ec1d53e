package org.rayonspark

import org.rayonspark.conf.{Auth, Keys, PortPolicy, RayPort, Scheduling, Slots}
import org.scalatest.funsuite.AnyFunSuite

import java.io.{ByteArrayInputStream, ByteArrayOutputStream, ObjectInputStream, ObjectOutputStream}
import scala.concurrent.duration.DurationInt
import scala.collection.JavaConverters._

final class RayClusterSpecSuite extends AnyFunSuite {
  private def from(arguments: (String, String)*): RayClusterSpec =
    RayClusterSpec.fromArguments(arguments.toMap.asJava)

  private def rejection(make: => RayClusterSpec): String =
    intercept[InvalidSpecException](make).getMessage

  test("a spec without any field has the defaults") {
    val spec = from()
    assert(spec == RayClusterSpec.defaults)
    assert(spec(Keys.numNodes).isEmpty && spec(Keys.memory).isEmpty && spec(Keys.headCpus).isEmpty)
    assert(spec(Keys.startTimeout) == 120.seconds)
    assert(spec(Keys.scheduling) == Scheduling.Barrier)
    assert(spec(Keys.slots) == Slots.Shared)
    assert(spec(Keys.auth) == Auth.Token)
    assert(spec(Keys.dashboard) && spec(Keys.dashboardHost) == "127.0.0.1")
    assert(spec.portPolicy == PortPolicy.free)
    assert(spec.toString == "RayClusterSpec()")
  }

  test("Python's names match the keys, in order") {
    assert(RayClusterSpec.fieldNames() == Keys.all.map(_.field).asJava)
  }

  test("Python's arguments and the builder make the same spec") {
    val arguments = from(
      "num_nodes" -> "2",
      "object_store_memory" -> "500m",
      "env" -> """{"A":"1"}""",
      "worker_args" -> """["--a b"]""",
      "start_timeout" -> "90000ms",
      "scheduling" -> "plain"
    )
    val built = RayClusterSpec
      .builder()
      .numNodes(2)
      .objectStoreMemory("500m")
      .env(Map("A" -> "1").asJava)
      .workerArgs(Vector("--a b").asJava)
      .startTimeout(java.time.Duration.ofSeconds(90))
      .scheduling("plain")
      .build()
    assert(arguments == built && arguments.hashCode == built.hashCode)
    assert(built(Keys.numNodes).contains(2))
    assert(built(Keys.objectStoreMemory).contains(500L << 20))
    assert(built(Keys.startTimeout) == 90.seconds)
  }

  test("an argument overrides a key, and a key overrides the default") {
    val settings = Map(
      "spark.rayonspark.numNodes" -> "3",
      "spark.rayonspark.cpusPerNode" -> "4",
      "spark.executor.instances" -> "9"
    )
    val spec = from("num_nodes" -> "2").over(settings)
    assert(spec(Keys.numNodes).contains(2))
    assert(spec(Keys.cpusPerNode).contains(4))
    assert(spec(Keys.maxRestarts) == 3)
  }

  test("an unknown argument is rejected with the closest name") {
    val message = rejection(from("num_node" -> "2"))
    assert(
      message.startsWith(
        """RayOnSpark has no argument "num_node". Did you mean "num_nodes"? The arguments are """ +
          "num_nodes, cpus_per_node, "
      )
    )
  }

  test("an unknown key is rejected with the closest name") {
    val message = rejection(RayClusterSpec.defaults.over(Map("spark.rayonspark.num_nodes" -> "2")))
    assert(
      message.startsWith(
        """RayOnSpark has no setting "spark.rayonspark.num_nodes". Did you mean """ +
          """"spark.rayonspark.numNodes"?"""
      )
    )
  }

  test("a value that can never work is rejected, wherever it comes from") {
    val message =
      """The value "0" of num_nodes cannot be used: it must be an integer of at least """ +
        "1. Change num_nodes, or spark.rayonspark.numNodes."
    assert(rejection(from("num_nodes" -> "0")) == message)
    assert(rejection(RayClusterSpec.builder().numNodes(0).build()) == message)
    val settings = Map("spark.rayonspark.numNodes" -> "0")
    assert(rejection(RayClusterSpec.defaults.over(settings)) == message)
  }

  test("a setting's former name works, and must not contradict the current one") {
    val former = Map("spark.rayonspark.tenure" -> "reserved")
    assert(RayClusterSpec.defaults.over(former)(Keys.slots) == Slots.Reserved)
    assert(
      rejection(RayClusterSpec.defaults.over(former + ("spark.rayonspark.slots" -> "shared"))) ==
        "spark.rayonspark.slots is shared, and spark.rayonspark.tenure, its former name, is " +
        "reserved. Remove spark.rayonspark.tenure."
    )
  }

  test("null is rejected") {
    val message = "memory is null. Leave it out to use its default."
    assert(rejection(from("memory" -> null)) == message)
    assert(rejection(RayClusterSpec.builder().memory(null).build()) == message)
  }

  test("an object store larger than memory is rejected") {
    assert(
      rejection(from("memory" -> "1g", "object_store_memory" -> "1.5g")) ==
        "object_store_memory is 1.5 GiB, but memory is only 1 GiB. Lower object_store_memory, or " +
        "leave memory out so that workers get what the object store leaves."
    )
    assert(from("memory" -> "1g", "object_store_memory" -> "1g")(Keys.memory).contains(1L << 30))
  }

  test("the dashboard's port may be set only in one place") {
    assert(
      rejection(from("dashboard_port" -> "8265", "ports" -> "dashboard=8266")) ==
        "The dashboard's port is given twice: dashboard_port is 8265, and ports has " +
        "dashboard=8266. Keep one of them."
    )
    val pins = from("dashboard_port" -> "8265", "ports" -> "gcs=6379").portPolicy.pins
    assert(pins == Map(RayPort.Dashboard -> 8265, RayPort.Gcs -> 6379))
    assert(
      rejection(from("dashboard_port" -> "6379", "ports" -> "gcs=6379")) ==
        "The ports cannot be used: port 6379 is given to dashboard and gcs. " +
        "Change dashboard_port or ports."
    )
  }

  test("toString hides the values of the environment") {
    val spec = from("num_nodes" -> "2", "env" -> "PASSWORD=hunter2")
    assert(spec.toString == "RayClusterSpec(numNodes=2, env=…)")
  }

  test("a spec survives serialization") {
    val spec = from("num_nodes" -> "2", "ports" -> "gcs=6379", "start_timeout" -> "1min")
    val bytes = new ByteArrayOutputStream
    new ObjectOutputStream(bytes).writeObject(spec)
    val again = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray)).readObject
    assert(again == spec && again.asInstanceOf[RayClusterSpec].portPolicy == spec.portPolicy)
  }
}
