package org.rayonspark.plan

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.RayPort
import org.rayonspark.plan.Offers.{gibi, head, mebi, workers}
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

import scala.collection.JavaConverters._

final class PlannerSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private def planner(arguments: (String, String)*): Planner =
    Planner(RayClusterSpec.fromArguments(arguments.toMap.asJava), "ros1", local = false)

  private def planned(result: Either[PlanError, ClusterPlan]): ClusterPlan =
    result.fold(error => fail(error.message), identity)

  private def rejection(result: Either[PlanError, Any]): String =
    result.fold(_.message, plan => fail(s"$plan"))

  test("too few executors are an error") {
    assert(
      rejection(planner().plan(head, Vector.empty)) ==
        "Asked for 1 Ray node, but Spark offers 0 executors. Lower num_nodes, or raise " +
        "spark.executor.instances."
    )
    assert(
      rejection(planner("num_nodes" -> "4").plan(head, workers(1))) ==
        "Asked for 4 Ray nodes, but Spark offers 1 executor. Lower num_nodes, or raise " +
        "spark.executor.instances."
    )
  }

  test("by default every executor gets a node with all of its cores, and the head has no CPUs") {
    val plan = planned(planner().plan(head, workers(3)))
    assert(plan.workers.map(_.executorId) == Vector("1", "2", "3"))
    assert(plan.workers.forall(node => node.role == NodeRole.Worker && node.cpus == 2))
    assert(plan.head.role == NodeRole.Head && plan.head.cpus == 0)
    assert((plan.head +: plan.workers).forall(_.gcsAddress == "10.0.0.1:20000"))
    assert(plan.head.name == "ros1-head" && plan.workers.head.name == "ros1-executor-1")
  }

  test("the executors with the lowest ids are chosen, in whatever order they make offers") {
    val offers = workers(11).reverse
    val plan = planned(planner("num_nodes" -> "10").plan(head, offers))
    assert(plan.workers.map(_.executorId) == (1 to 10).map(_.toString))
  }

  test("with a local master the head is the only node and does the work") {
    val local = planner("resources" -> "slot=1", "memory" -> "1g").copy(local = true)
    val plan = planned(local.plan(head, Vector.empty))
    assert(plan.workers.isEmpty)
    assert(plan.head.cpus == 2 && plan.head.resources == Map("slot" -> 1.0))
    assert(plan.head.memory == gibi)
  }

  test("with a local master head_cpus overrides cpus_per_node") {
    val cpus = Table(
      ("arguments", "cpus"),
      (Seq("cpus_per_node" -> "1"), 1),
      (Seq("head_cpus" -> "0"), 0),
      (Seq("head_cpus" -> "1", "cpus_per_node" -> "2"), 1)
    )
    forAll(cpus) { (arguments, expected) =>
      val local = planner(arguments: _*).copy(local = true)
      assert(planned(local.plan(head, Vector.empty)).head.cpus == expected)
    }
  }

  test("a local master has one node, whatever num_nodes says") {
    val local = planner("num_nodes" -> "2").copy(local = true)
    assert(planned(local.plan(head, Vector.empty)).workers.isEmpty)
  }

  test("each node has the ports of its role, its directories and its labels") {
    val plan = planned(planner("labels" -> "tier=gold").plan(head, workers(1)))
    assert(plan.head.ports.keySet == RayPort.all.filterNot(_.onRequest).toSet)
    val worker = plan.workers.head
    assert(worker.ports.keySet == RayPort.all.filterNot(_.headOnly).toSet)
    assert(worker.directory == "/tmp/ros-1")
    assert(worker.stagingDirectory == "/dev/shm/ros-stage-ros1-executor-1")
    assert(worker.spillDirectory.contains("/data/1/a/ros-spill-ros1-executor-1"))
    assert(worker.logDirectory == "/logs/1/ros1-executor-1")
    assert(worker.pythonPath == Vector("/work/1/lib.zip"))
    val own = Map("rayonspark.org/executor-id" -> "1", "rayonspark.org/host" -> "10.0.0.2")
    assert(worker.labels == own + ("tier" -> "gold"))
    assert(plan.head.labels.keySet == own.keySet)
  }

  test("the user's choices override the executor's") {
    val plan = planned(
      planner(
        "spill_dir" -> "/spill",
        "log_dir" -> "/mylogs",
        "env" -> "PYTHONPATH=/mine",
        "dashboard" -> "false",
        "worker_args" -> "--no-redirect-output"
      ).plan(head, workers(1))
    )
    val worker = plan.workers.head
    assert(worker.spillDirectory.contains("/spill/ros-spill-ros1-executor-1"))
    assert(worker.logDirectory == "/mylogs/ros1-executor-1")
    assert(worker.pythonPath == Vector("/mine", "/work/1/lib.zip"))
    assert(worker.extraArgs == Vector("--no-redirect-output") && plan.head.extraArgs.isEmpty)
    assert(plan.head.dashboardHost.isEmpty)
  }

  test("if YARN collects logs, they are files in its directory that are named after their node") {
    val offers = workers(1).map(_.copy(sharedLogs = true))
    val plan = planned(planner().plan(head, offers))
    val worker = plan.workers.head
    assert((worker.logDirectory, worker.logPrefix) == ("/logs/1", "ray-ros1-executor-1-"))
    assert(worker.logs == "/logs/1/ray-ros1-executor-1-*")
    assert(plan.head.logs == plan.head.logDirectory)
    val mine = planned(planner("log_dir" -> "/mylogs").plan(head, offers)).workers.head
    assert((mine.logDirectory, mine.logPrefix) == ("/mylogs/ros1-executor-1", ""))
  }

  test("nodes on one host share its memory, its /dev/shm and the worker ports") {
    val offers =
      workers(2).map(_.copy(host = head.host, memory = MemoryOffer(None, 9 * gibi, gibi)))
    val plan = planned(planner("ports" -> "worker=10000-10299").plan(head, offers))
    val share = 2 * gibi - 384 * mebi
    assert(plan.workers.forall(node => node.memory + node.objectStoreMemory == share))
    val parts = (plan.head +: plan.workers).map(_.workerPorts)
    assert(parts == Vector(Some(10000 to 10099), Some(10100 to 10199), Some(10200 to 10299)))
    val apart = planned(planner("ports" -> "worker=10000-10299").plan(head, workers(2)))
    assert(apart.workers.forall(_.workerPorts.contains(10000 to 10299)))
  }

  test("a node gets the first of its executor's GPUs, as many as requested") {
    val offers = workers(1).map(_.copy(gpuAddresses = Vector("4", "5")))
    val plan = planned(planner("gpus_per_node" -> "1").plan(head, offers))
    assert(plan.workers.head.gpus == 1.0 && plan.workers.head.gpuAddresses == Vector("4"))
    assert(plan.head.gpus == 0.0)
    val all = planned(planner().plan(head, offers)).workers.head
    assert(all.gpus == 2.0 && all.gpuAddresses == Vector("4", "5"))
    assert(planned(planner("gpus_per_node" -> "0").plan(head, offers)).workers.head.gpus == 0.0)
  }

  test("a local head without GPUs of Spark may have those of its machine") {
    def plan(head: ResourceOffer, arguments: (String, String)*): Either[PlanError, ClusterPlan] =
      planner(arguments: _*).copy(local = true).plan(head, Vector.empty)
    val own = planned(plan(head, "gpus_per_node" -> "1")).head
    assert(own.gpus == 1.0 && own.gpuAddresses.isEmpty)
    assert(planned(plan(head)).head.gpus == 0.0)
    val assigned = head.copy(gpuAddresses = Vector("4"))
    assert(planned(plan(assigned)).head.gpuAddresses == Vector("4"))
    assert(plan(assigned, "gpus_per_node" -> "2").isLeft)
  }

  test("a request that an executor cannot meet is an error with its numbers") {
    val longDirectory = "/tmp/" + "d" * 60
    val errors = Table[(String, String), ResourceOffer => ResourceOffer, String](
      ("argument", "change", "message"),
      (
        "cpus_per_node" -> "3",
        identity,
        """Asked for 3 CPUs, but executor 1 on host "10.0.0.2" has 2 cores. Lower """ +
          "cpus_per_node (spark.rayonspark.cpusPerNode), or give Spark more cores there."
      ),
      (
        "gpus_per_node" -> "1",
        identity,
        """Asked for 1 GPU, but executor 1 on host "10.0.0.2" has 0 GPUs from Spark. Lower """ +
          "gpus_per_node (spark.rayonspark.gpusPerNode), or raise " +
          "spark.executor.resource.gpu.amount."
      ),
      (
        "num_nodes" -> "1",
        _.copy(unreachable = Some("Connection refused.")),
        """Executor 1 on host "10.0.0.2" cannot reach the Ray head at 10.0.0.1:20000: """ +
          "Connection refused. Allow the connection in the firewall, or choose other ports with " +
          "ports (spark.rayonspark.ports)."
      ),
      (
        "num_nodes" -> "1",
        _.copy(directory = longDirectory),
        s"""The directory "$longDirectory" of executor 1 on host "10.0.0.2" is too long: Ray's """ +
          "Unix sockets below it would have paths of 131 bytes, and the system allows 107. Set " +
          "temp_dir (spark.rayonspark.tempDir) to a shorter path, such as /tmp."
      ),
      (
        "ports" -> "worker=20000-20001",
        _.copy(cores = 4),
        """A Ray node on host "10.0.0.2" needs 4 ports for its worker processes, and its part """ +
          "of the worker range has 2. Widen worker in ports (spark.rayonspark.ports)."
      ),
      (
        "num_nodes" -> "1",
        _.copy(ports = Map.empty),
        """Executor 1 on host "10.0.0.2" holds no port for node_manager, object_manager, """ +
          "agent_http, agent_grpc, runtime_env_agent, metrics_export. This is a bug in " +
          "RayOnSpark: report it with the driver's log."
      )
    )
    forAll(errors) { (argument, change, message) =>
      assert(rejection(planner(argument).plan(head, workers(1).map(change))) == message)
    }
  }

  test("a restarted node keeps its sizes, and gets a new name, new ports and a new directory") {
    val plan = planned(planner("ports" -> "worker=10000-10299").plan(head, workers(2)))
    val previous = plan.workers.head
    val offer = Offers
      .executor("1", previous.host, 30000)
      .copy(directory = "/tmp/ros-new", memory = MemoryOffer(None, gibi, gibi))
    val again = planner().planNode(plan, head, offer, 2).fold(e => fail(e.message), identity)
    assert(again.name == "ros1-executor-1.2")
    assert(again.ports == offer.ports.filter { case (port, _) => !port.headOnly })
    assert(again.directory == "/tmp/ros-new")
    assert(again.logDirectory == "/logs/1/ros1-executor-1.2")
    val same = again.copy(
      name = previous.name,
      ports = previous.ports,
      directory = previous.directory,
      logDirectory = previous.logDirectory,
      spillDirectory = previous.spillDirectory,
      stagingDirectory = previous.stagingDirectory
    )
    assert(same == previous)
  }

  test("a node on a new executor gets what the other nodes on its host leave") {
    val two = planner("ports" -> "worker=10000-10299")
    val plan = planned(two.plan(head, workers(1)))
    val offer = Offers
      .executor("7", head.host, 30000)
      .copy(memory = MemoryOffer(None, 8 * gibi, gibi))
    val full = rejection(two.planNode(plan, head, offer, 0))
    assert(
      full.contains("needs 2 ports for its worker processes, and its part of the worker range")
    )
    val free = planner().planNode(plan, head, offer, 0).fold(e => fail(e.message), identity)
    assert(free.name == "ros1-executor-7" && free.gcsAddress == plan.head.gcsAddress)
    assert(free.memory + free.objectStoreMemory == 3 * gibi - 384 * mebi)
  }

  test("an IPv6 head's address is in brackets") {
    val plan = planned(planner().plan(head.copy(host = "fe80::1"), workers(1)))
    assert(plan.workers.head.gcsAddress == "[fe80::1]:20000")
  }
}
