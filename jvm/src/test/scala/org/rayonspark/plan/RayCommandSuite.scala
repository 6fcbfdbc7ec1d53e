package org.rayonspark.plan

import org.rayonspark.conf.RayPort
import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{Keys, ReservedNames}
import org.scalatest.funsuite.AnyFunSuite

import scala.collection.JavaConverters._

final class RayCommandSuite extends AnyFunSuite {
  private def plan(arguments: (String, String)*): ClusterPlan = {
    val spec = RayClusterSpec.fromArguments(arguments.toMap.asJava)
    val workers = Offers.workers(1).map(_.copy(gpuAddresses = Vector("4", "5")))
    Planner(spec, "ros1", local = false)
      .plan(Offers.head, workers)
      .fold(error => fail(error.message), identity)
  }

  test("the head's command line") {
    val command = RayCommand.of(plan("object_store_memory" -> "100m").head)
    assert(
      command.arguments.mkString("\n") ==
        """start
          |--block
          |--head
          |--dashboard-host=127.0.0.1
          |--node-name=ros1-head
          |--node-ip-address=10.0.0.1
          |--temp-dir=/tmp/ros-driver/r
          |--num-cpus=0
          |--num-gpus=0
          |--memory=4190109696
          |--object-store-memory=104857600
          |--resources={}
          |--labels=rayonspark.org/executor-id=driver,rayonspark.org/host=10.0.0.1
          |--object-spilling-directory=/data/driver/a/ros-spill-ros1-head/objects
          |--port=20000
          |--dashboard-port=20002
          |--node-manager-port=20005
          |--object-manager-port=20006
          |--dashboard-agent-listen-port=20007
          |--dashboard-agent-grpc-port=20008
          |--runtime-env-agent-port=20009
          |--metrics-export-port=20010
          |--ray-client-server-port=10001
          |--min-worker-port=0
          |--max-worker-port=0""".stripMargin
    )
    assert(
      command.environment == Map(
        "AUTOSCALER_METRIC_PORT" -> "20003",
        "DASHBOARD_METRIC_PORT" -> "20004",
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S" -> "0",
        "PYTHONPATH" -> "/work/driver/lib.zip"
      )
    )
  }

  test("the head has a port for Ray Client only if the ports setting gives its number") {
    def ports(setting: (String, String)*): Vector[String] =
      RayCommand.of(plan(setting: _*).head).arguments.filter(_.contains("client-server"))
    assert(ports() == Vector("--ray-client-server-port=10001"))
    assert(!plan().head.ports.contains(RayPort.ClientServer))
    assert(ports("ports" -> "client_server=20001") == Vector("--ray-client-server-port=20001"))
    assert(
      plan("ports" -> "client_server=20001").head.ports.get(RayPort.ClientServer).contains(20001)
    )
  }

  test("a worker's command line") {
    val worker = plan(
      "object_store_memory" -> "100m",
      "gpus_per_node" -> "2",
      "resources" -> "slot=2",
      "labels" -> "tier=gold",
      "env" -> "PYTHONPATH=/mine",
      "ports" -> "worker=10000-10099",
      "worker_args" -> "--disable-usage-stats --log-color false"
    ).workers.head
    val command = RayCommand.of(worker)
    assert(
      command.arguments.mkString("\n") ==
        """start
          |--block
          |--address=10.0.0.1:20000
          |--dashboard-port=0
          |--node-name=ros1-executor-1
          |--node-ip-address=10.0.0.2
          |--temp-dir=/tmp/ros-1/r
          |--num-cpus=2
          |--num-gpus=2
          |--memory=4190109696
          |--object-store-memory=104857600
          |--resources={"slot":2.0}
          |--labels=rayonspark.org/executor-id=1,rayonspark.org/host=10.0.0.2,tier=gold
          |--object-spilling-directory=/data/1/a/ros-spill-ros1-executor-1/objects
          |--node-manager-port=20005
          |--object-manager-port=20006
          |--dashboard-agent-listen-port=20007
          |--dashboard-agent-grpc-port=20008
          |--runtime-env-agent-port=20009
          |--metrics-export-port=20010
          |--ray-client-server-port=10100
          |--min-worker-port=10000
          |--max-worker-port=10099
          |--disable-usage-stats
          |--log-color
          |false""".stripMargin
    )
    assert(
      command.environment == Map(
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S" -> "0",
        "CUDA_VISIBLE_DEVICES" -> "4,5",
        "PYTHONPATH" -> "/mine:/work/1/lib.zip"
      )
    )
  }

  test("without a dashboard, the head's command line turns it off") {
    val arguments = RayCommand.of(plan("dashboard" -> "false").head).arguments
    assert(arguments.contains("--include-dashboard=false"))
    assert(!arguments.exists(_.startsWith("--dashboard-host")))
  }

  test("users may not set any option that RayOnSpark sets") {
    val cluster = plan("dashboard" -> "false", "gpus_per_node" -> "1")
    val commands = (plan().head +: cluster.head +: cluster.workers).map(RayCommand.of)
    commands.foreach { command =>
      command.arguments.tail.foreach { argument =>
        assert(ReservedNames.checkArguments(Vector(argument)).isLeft, argument)
      }
      val allowed = Set("RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S", "PYTHONPATH")
      (command.environment.keySet -- allowed).foreach { name =>
        assert(Keys.env.parse(s"$name=1").isLeft, name)
      }
    }
  }
}
