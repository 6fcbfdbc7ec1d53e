package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class PortPolicySuite extends AnyFunSuite with TableDrivenPropertyChecks {
  test("without entries every port is free") {
    assert(PortPolicy.parse(Map.empty) == Right(PortPolicy.free))
  }

  test("pins and ranges are parsed by name") {
    val text = "gcs=6379, dashboard=8265,worker=10000-10100,range=20000-20999"
    val pins = Map[RayPort, Int](RayPort.Gcs -> 6379, RayPort.Dashboard -> 8265)
    val policy = PortPolicy(pins, Some(20000 to 20999), Some(10000 to 10100))
    assert(Keys.ports.parse(text) == Right(policy))
    val json =
      """{"gcs": 6379, "dashboard": 8265, "worker": "10000-10100", "range": "20000-20999"}"""
    assert(Keys.ports.parse(json) == Right(policy))
  }

  test("a policy that no host can satisfy is rejected") {
    val entries = Table(
      ("entries", "why"),
      (
        Map("gsc" -> "6379"),
        """there is no port "gsc"; the ports are gcs, client_server, dashboard, """ +
          "autoscaler_metrics, dashboard_metrics, node_manager, object_manager, agent_http, " +
          """agent_grpc, runtime_env_agent, metrics_export, worker, range. Did you mean "gcs"?"""
      ),
      (Map("gcs" -> "0"), """gcs must be a port from 1 to 65535, but "0" is not"""),
      (Map("gcs" -> "65536"), """gcs must be a port from 1 to 65535, but "65536" is not"""),
      (Map("gcs" -> "1-2"), """gcs must be a port from 1 to 65535, but "1-2" is not"""),
      (
        Map("range" -> "9-8"),
        """range must be a range of ports such as "20000-20999", but "9-8" is not"""
      ),
      (
        Map("worker" -> "10000"),
        """worker must be a range of ports such as "20000-20999", but "10000" is not"""
      ),
      (Map("gcs" -> "7000", "dashboard" -> "7000"), "port 7000 is given to dashboard and gcs"),
      (
        Map("gcs" -> "10001", "worker" -> "10000-10100"),
        "port 10001 of gcs lies in the range of the worker processes"
      ),
      (
        Map("range" -> "10100-10200", "worker" -> "10000-10100"),
        "range 10100-10200 and worker 10000-10100 overlap"
      ),
      (
        Map("worker" -> "1000-2000"),
        "worker must begin at 1024 or above, but 1000-2000 does not"
      )
    )
    forAll(entries)((given_, why) => assert(PortPolicy.parse(given_) == Left(why)))
  }
}
