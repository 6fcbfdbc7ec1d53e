package org.rayonspark

import org.rayonspark.supervision.{ClusterEvent, ClusterState, Story}
import org.scalatest.funsuite.AnyFunSuite

final class ClusterStagingSuite extends AnyFunSuite {
  private val hosts = Map("driver" -> "head", "1" -> "one", "2" -> "two")

  /** A cluster with two workers, and the number of reads of Spark's status store. */
  private final class Cluster {
    @volatile var state: ClusterState = Story.running(2).state
    @volatile var scans = 0
    @volatile var spark: Map[String, String] = hosts

    val staging = new ClusterStaging(
      () => state,
      null,
      null,
      () => { scans += 1; spark },
      _ => true
    )

    def limit(executorId: String): Long = state.nodes(executorId).plan.get.stagingMemory

    def tell(events: ClusterEvent*): Unit = state = Story(state).tell(events: _*).state
  }

  test("reservations and releases do not read Spark's status store") {
    val cluster = new Cluster
    var granted = 0
    for (_ <- 1 to 100) {
      cluster.staging.pool.reserve("1", 10)(() => granted += 1)
      cluster.staging.pool.release("1", 10)
    }
    assert(granted == 100)
    assert(cluster.scans == 0)
  }

  test("the hosts of known executors are not read from Spark's status store again") {
    val cluster = new Cluster
    for (_ <- 1 to 100) {
      assert(cluster.staging.locations.map(_.sparkHost).sorted == Vector("head", "one", "two"))
      assert(cluster.staging.hostOf("2").contains("two"))
    }
    assert(cluster.scans <= 3)
  }

  test("an executor that Spark does not know yet is looked up again") {
    val cluster = new Cluster
    cluster.spark = hosts - "2"
    assert(cluster.staging.hostOf("2").isEmpty)
    assert(cluster.staging.locations.exists(_.sparkHost == "10.0.0.2"))
    cluster.spark = hosts
    assert(cluster.staging.hostOf("2").contains("two"))
    assert(!cluster.staging.locations.exists(_.sparkHost == "10.0.0.2"))
  }

  test("on a lost node, a reservation waits until earlier bytes are released") {
    val cluster = new Cluster
    val pool = cluster.staging.pool
    var granted = Vector.empty[String]
    pool.reserve("1", 10)(() => granted :+= "first")
    cluster.tell(ClusterEvent.ExecutorLost("1", "gone"))
    pool.reserve("1", 10)(() => granted :+= "second")
    assert(granted == Vector("first"))
    pool.release("1", 10)
    assert(
      granted == Vector("first", "second"),
      "a reservation that the node cannot serve must not wait forever"
    )
  }

  test("a reservation as large as the staging waits for earlier reservations") {
    val cluster = new Cluster
    val pool = cluster.staging.pool
    var granted = Vector.empty[String]
    pool.reserve("1", 1)(() => granted :+= "small")
    pool.reserve("1", cluster.limit("1"))(() => granted :+= "large")
    assert(granted == Vector("small"))
    pool.release("1", 1)
    assert(granted == Vector("small", "large"))
  }
}
