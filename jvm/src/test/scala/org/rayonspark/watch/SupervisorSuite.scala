package org.rayonspark.watch

import org.rayonspark.{NodeFailedException, PlacementException, RayClusterSpec, RayClusterState}
import org.rayonspark.{StartTimeoutException, UnreachableException}
import org.rayonspark.node.{ContainerUse, NodeExit}
import org.rayonspark.rendezvous.DriverMessage
import org.rayonspark.watch.ClusterAction._
import org.rayonspark.watch.ClusterEvent._
import org.scalatest.funsuite.AnyFunSuite

import scala.concurrent.duration._

class SupervisorSuite extends AnyFunSuite {
  private val crash = NodeExit(code = 1, asked = false, tail = Vector("something broke"))

  test("a local cluster is its head alone") {
    val story = Story.begin(workers = 0).enlist("driver").offer("driver")
    assert(story.launched == Set("driver"))
    val running = story.seen("driver")
    assert(running.state.phase == RayClusterState.RUNNING)
  }

  test("nothing is placed before enough executors have registered") {
    val story = Story.begin(workers = 2).tell(ExecutorAdded("1", 2))
    assert(story.actions.isEmpty)
    assert(story.state.progress == "1 of 2 Spark executors have registered")
    assert(story.tell(ExecutorAdded("2", 2)).actions == Vector(Place(2)))
  }

  test("a worker waits for the head's address, which it must be able to reach") {
    val early = Story.begin(workers = 1).enlist("driver").enlist("1")
    assert(early.told("1").isEmpty)
    val charters = early.offer("driver").told("1").collect { case DriverMessage.Prepare(c) => c }
    assert(charters.map(_.head) == Vector(Some("10.0.0.100:20000")))
  }

  test("workers are launched when GCS lists the head, not before") {
    val planned =
      Story.begin(workers = 2).enlist("driver").offer("driver").enlist("1").offer("1").enlist("2")
    assert(planned.launched.isEmpty)
    val complete = planned.offer("2")
    assert(complete.launched == Set("driver"))
    assert(complete.seen("driver").launched == Set("1", "2"))
  }

  test("a cluster runs when GCS has listed every node") {
    val story = Story.running(workers = 2)
    assert(story.state.phase == RayClusterState.RUNNING)
    assert(story.told("2").last == DriverMessage.Ready)
  }

  test("a keeper too many is sent away: a speculative copy, a late task") {
    val story = Story.running(workers = 1).tell(Enlisted("9", "10.0.0.9"))
    assert(story.told("9") == Vector(DriverMessage.Stop(Duration.Zero)))
    assert(!story.state.members.contains("9"))
  }

  test("news of a former incarnation is not heard") {
    val story = Story.running(workers = 1).tell(NodeExited("1", 7, crash))
    assert(story.actions.isEmpty && story.state.members("1").alive)
  }

  test("a host that the driver cannot reach ends the start with the address") {
    val story = Story.begin(workers = 1).enlist("driver").offer("driver").enlist("1")
    val failed = story.tell(
      Offered("1", 0, Story.offerOf("1")),
      Probed("1", 0, Some("Host a cannot open a connection to b:1"))
    )
    assert(failed.state.failure.exists(_.isInstanceOf[UnreachableException]))
    assert(failed.actions.contains(DismissClients))
  }

  test("a node that exits while the cluster starts ends the start with its last words") {
    val story =
      Story.begin(workers = 0).enlist("driver").offer("driver").tell(NodeExited("driver", 0, crash))
    assert(story.state.phase == RayClusterState.STOPPING)
    val error = story.state.failure.collect { case e: NodeFailedException => e.getMessage }
    assert(
      error.contains(
        "Ray node 0 (head) on host \"10.0.0.100\" exited with code 1. It was not ready yet. " +
          "Its last output:\n  something broke\n The full log is in /logs/c-head."
      )
    )
  }

  test("a port that was taken in the meantime is tried again with a new offer") {
    val conflict = NodeExit(1, asked = false, Vector("bind: Address already in use"))
    val story = Story
      .begin(workers = 0)
      .enlist("driver")
      .offer("driver")
      .tell(NodeExited("driver", 0, conflict))
    val charter = story.told("driver").collect { case DriverMessage.Prepare(c) => c.incarnation }
    assert(charter == Vector(1))
    val running = story.offer("driver").seen("driver")
    assert(running.state.phase == RayClusterState.RUNNING)
  }

  test("a worker that dies is started again after a back-off that doubles") {
    val first = Story.running(workers = 1).tell(NodeExited("1", 0, crash))
    assert(first.actions.contains(After(1.second, RestartDue("1"))))
    val again = first.tell(RestartDue("1")).offer("1")
    assert(again.launched == Set("1"))
    val alive = again.seen("1")
    assert(alive.state.members("1").incarnation == 1 && alive.state.members("1").alive)
    assert(
      alive.tell(NodeExited("1", 1, crash)).actions.contains(After(2.seconds, RestartDue("1")))
    )
  }

  test("a worker that was restarted as often as allowed is given up, and the cluster goes on") {
    val spec = RayClusterSpec.builder().maxRestarts(0).build()
    val story = Story.running(workers = 1, spec).tell(NodeExited("1", 0, crash))
    assert(story.state.phase == RayClusterState.RUNNING)
    assert(story.state.members("1").stage == Stage.Failed)
    assert(story.tell(ExecutorAdded("1", 2)).actions.isEmpty)
  }

  test("a dead head ends the cluster") {
    val story = Story.running(workers = 1).tell(NodeExited("driver", 0, crash))
    assert(story.state.phase == RayClusterState.STOPPING)
    val over = story.tell(ClientsDismissed, KeeperClosed("driver"), KeeperClosed("1"))
    assert(over.state.phase == RayClusterState.FAILED)
    assert(over.actions.last == Close)
  }

  test("an executor lost while the cluster starts ends the start") {
    val story = Story.begin(workers = 1).enlist("driver").offer("driver").enlist("1")
    val error = story.tell(ExecutorLost("1", "killed")).state.failure
    assert(error.exists(_.isInstanceOf[PlacementException]))
  }

  test("an executor lost later is replaced when Spark has another one") {
    val lost = Story.running(workers = 2).tell(ExecutorLost("1", "killed"))
    assert(lost.state.members("1").stage == Stage.Lost)
    val visited = lost.tell(ExecutorAdded("3", 2))
    assert(visited.actions == Vector(Visit(Vector("3"))))
    val replaced = visited.enlist("3").offer("3")
    assert(replaced.launched == Set("3"))
    assert(replaced.seen("3").state.activeWorkers.map(_.executorId).toSet == Set("2", "3"))
  }

  private val limit = DriverMessage.Drain(20.seconds)
  private val drained = NodeExit(code = 1, asked = true, tail = Vector("finished draining"))

  test("a node whose executor leaves drains, is no failure, and is not started again") {
    val leaving = Story.running(workers = 2).tell(ExecutorLeaving("2", "Spark decommissions it"))
    val news = "Ray node 2 on host 10.0.0.2 drains for up to 20 s: Spark executor 2 is leaving " +
      "(Spark decommissions it)."
    assert(leaving.actions == Vector(Info(news), Tell("2", limit)))
    assert(leaving.state.members("2").stage.name == "draining")
    assert(leaving.tell(ExecutorLeaving("2", "once more")).actions.isEmpty)
    val gone = leaving.tell(NodeSeen(leaving.name("2"), "ray-2", alive = false))
    assert(gone.actions.isEmpty && gone.state.members("2").rayNodeId.isEmpty)
    val over = gone.tell(NodeExited("2", 0, drained), KeeperClosed("2"), ExecutorLost("2", "gone"))
    assert(over.actions == Vector(Info("Ray node 2 on host 10.0.0.2 has drained and ended.")))
    assert(over.state.members("2").stage == Stage.Drained && over.state.running)
  }

  test("another executor has a node as soon as one begins to drain, the leaving one never") {
    val spare = Story.running(workers = 2).tell(ExecutorAdded("3", 2))
    assert(spare.actions.isEmpty)
    val leaving = spare.tell(ExecutorLeaving("2", "why"))
    assert(leaving.actions.last == Visit(Vector("3")))
    assert(leaving.enlist("2").told("2") == Vector(DriverMessage.Stop(Duration.Zero)))
    val replaced = leaving.enlist("3").offer("3").seen("3")
    assert(replaced.state.activeWorkers.map(_.executorId) == Vector("1", "3"))
    val lost =
      Story.running(workers = 1).tell(ExecutorLeaving("1", "why"), NodeExited("1", 0, drained))
    assert(lost.tell(ExecutorAdded("1", 2)).actions.isEmpty)
  }

  test("of a node whose executor Spark has removed, GCS alone tells the end") {
    val removed = Story
      .running(workers = 1)
      .tell(ExecutorLeaving("1", "why"), ExecutorLost("1", "decommission finished"))
    assert(removed.state.members("1").draining)
    val over = removed.tell(NodeSeen(removed.name("1"), "ray-1", alive = false))
    assert(over.state.members("1").stage == Stage.Drained)
    val early = Story
      .running(workers = 1)
      .tell(ExecutorLeaving("1", "why"), NodeSeen(removed.name("1"), "ray-1", alive = false))
    assert(early.state.members("1").draining)
    assert(early.tell(ExecutorLost("1", "gone")).state.members("1").stage == Stage.Drained)
  }

  test("a node that drains is stopped with its cluster, and waited for as long as it can answer") {
    val leaving =
      Story.running(workers = 2).tell(ExecutorLeaving("1", "a"), ExecutorLeaving("2", "b"))
    val stopping = leaving.tell(ExecutorLost("2", "gone"), StopAsked, ClientsDismissed)
    assert(stopping.told("1") == Vector(DriverMessage.Stop(1.second)))
    val waiting = stopping.tell(KeeperClosed("driver"))
    assert(waiting.state.phase == RayClusterState.STOPPING)
    assert(waiting.tell(KeeperClosed("1")).state.phase == RayClusterState.STOPPED)
  }

  test("only a worker that is alive drains, while the cluster runs, and where that is wanted") {
    val off = RayClusterSpec.builder().drainTimeout(java.time.Duration.ZERO).build()
    val starting = Story.begin(workers = 1).enlist("driver").offer("driver").enlist("1").offer("1")
    val none = Vector(
      Story.running(workers = 1) -> "driver",
      Story.running(workers = 1) -> "9",
      Story.running(workers = 1, off) -> "1",
      Story.running(workers = 1).tell(NodeExited("1", 0, crash)) -> "1",
      Story.running(workers = 1).tell(StopAsked) -> "1",
      starting -> "1"
    )
    for ((story, executor) <- none) {
      assert(NodeDrain.limit(story.state, executor) == Duration.Zero)
      assert(story.tell(ExecutorLeaving(executor, "why")).actions.isEmpty)
    }
    val drains = Story.running(workers = 1)
    assert(NodeDrain.limit(drains.state, "1") == 20.seconds)
    val draining = drains.tell(ExecutorLeaving("1", "why"))
    assert(
      NodeDrain
        .limit(draining.state, "1") == 20.seconds && NodeDrain.drainable(draining.state).isEmpty
    )
  }

  test("an executor that outgrew its memory says what to raise") {
    val yarn = "Container killed by YARN for exceeding physical memory limits. Consider boosting " +
      "spark.executor.memoryOverhead."
    val story = Story.running(workers = 1)
    val plan = story.state.members("1").plan.get
    val store = plan.objectStoreMemory >> 20
    val share = (plan.memory + plan.objectStoreMemory) >> 20
    val warning = s"Ray node 1 is gone with Spark executor 1: $yarn Ray's processes count there " +
      s"too: they were to stay within $share MiB, of which the object store may take $store MiB. " +
      "Raise `extra_executor_memory_for_ray` (spark.executor.memoryOverhead), or lower " +
      "`object_store_memory`."
    val due = ClusterEvent.UseDue("1")
    val lost = story.tell(ExecutorLost("1", yarn))
    assert(lost.actions.contains(After(1.second, due)))
    assert(lost.tell(due).actions == Vector(Warn(warning)))
    val stopping = lost.tell(StopAsked, ClientsDismissed)
    val stopped = stopping.tell(KeeperClosed("driver"))
    assert(stopped.actions == Vector(Warn(warning), CancelJobs, Close))

    val use = ContainerUse(limit = 1536L << 20, resident = 2310L << 20, shared = 310L << 20)
    val held = "they held 2310 MiB (310 MiB of it shared memory) in a container of 1536 MiB for " +
      "them and the JVM; they were to stay"
    val ending = ClusterEvent.ContainerEnding("1", use)
    val whole = Warn(warning.replace("they were to stay", held))
    assert(story.tell(ending, ExecutorLost("1", yarn)).actions.contains(whole))
    // Spark may hear of the end first.
    val heard = lost.tell(ending)
    assert(heard.actions == Vector(whole) && heard.tell(due).actions.isEmpty)
    assert(stopping.tell(ending).actions == Vector(whole))

    // YARN's SIGTERM looks like an executor that leaves in good order.
    val leaving = story.tell(ExecutorLeaving("1", "its JVM was told to end"))
    assert(leaving.state.members("1").draining)
    val gone = leaving.tell(ExecutorLost("1", yarn))
    assert(gone.actions == Vector(After(1.second, due)))
    assert(gone.tell(ending).actions == Vector(whole))
    assert(leaving.tell(ExecutorLost("1", "idle")).actions.isEmpty)

    // The kernel lets nobody say anything.
    val killed = story.tell(ExecutorLost("1", "OOMKilled")).actions
    assert(killed.contains(Warn(warning.replace(yarn, "OOMKilled."))))
  }

  test("a process that the kernel killed for want of memory says what to raise") {
    val story = Story.running(workers = 1)
    val plan = story.state.members("1").plan.get
    val store = plan.objectStoreMemory >> 20
    val share = (plan.memory + plan.objectStoreMemory) >> 20
    val warning = "The kernel killed a process beside Spark executor 1 for want of memory: its " +
      "control group's limit is 1200 MiB. Ray node 1's processes count there too: they were to " +
      s"stay within $share MiB, of which the object store may take $store MiB. Raise " +
      "`extra_executor_memory_for_ray` (spark.executor.memoryOverhead), or lower " +
      "`object_store_memory`."
    val told = story.tell(OutOfMemory("1", 0, 1200L << 20))
    assert(told.actions == Vector(Warn(warning)) && told.state == story.state)
    assert(story.tell(OutOfMemory("1", 7, 1200L << 20)).actions.isEmpty)
    val head = story.tell(OutOfMemory("driver", 0, 1L << 30)).actions
    assert(head.exists {
      case Warn(text) =>
        text.contains("beside the Spark driver") && text.contains("spark.driver.memoryOverhead")
      case _ => false
    })
  }

  private def holding(cpus: Int): RayClusterSpec =
    RayClusterSpec.builder().cpusPerNode(cpus).tenure("reserved").build()

  test("a reserved cluster holds its slots, and holds them again when that job was cancelled") {
    val story = Story.running(workers = 2, holding(cpus = 1))
    assert(story.actions.takeRight(2) == Vector(Reserve("1", 1), Reserve("2", 1)))
    val cancelled = story.tell(JobEnded(Some("2"), Some(new Exception("cancelled"))))
    assert(cancelled.actions == Vector(After(1.second, ReservationDue("2"))))
    assert(cancelled.tell(ReservationDue("2")).actions == Vector(Reserve("2", 1)))
    assert(story.tell(JobEnded(Some("2"), None)).actions.isEmpty)
  }

  test("a node that takes another's place holds its slots, and a restarted one still has them") {
    val lost = Story.running(workers = 1, holding(cpus = 1)).tell(ExecutorLost("1", "killed"))
    val replaced = lost.tell(ExecutorAdded("3", 2)).enlist("3").offer("3").seen("3")
    assert(replaced.actions.contains(Reserve("3", 1)))
    val exit = ClusterEvent.NodeExited("3", 0, NodeExit(1, asked = false, Vector.empty))
    val again = replaced.tell(exit, RestartDue("3")).offer("3").seen("3")
    assert(again.state.activeWorkers.forall(_.alive) && !again.actions.contains(Reserve("3", 1)))
  }

  test("a node that holds all slots of its executor says that none is left to Spark") {
    val warning = "Ray node 1 reserves all 2 slots of Spark executor 1: no Spark task runs there " +
      "until the cluster stops. Lower cpus_per_node to leave some."
    assert(Story.running(workers = 1, holding(cpus = 2)).actions.contains(Warn(warning)))
  }

  test("with dynamic allocation tasks ask for executors, and nodes hold slots to keep them") {
    val begun = Story.begin(workers = 1, dynamic = true)
    assert(begun.actions.last == Gather(1))
    val offered = begun
      .enlist("driver")
      .offer("driver")
      .tell(ExecutorAdded("1", 2))
      .enlist("1")
      .offer("1")
    assert(offered.seen("driver", "1").actions.contains(Reserve("1", 2)))
  }

  test("clients leave before nodes do, and the end is the last keeper's") {
    val asked = Story.running(workers = 1).tell(StopAsked)
    assert(asked.actions.contains(DismissClients) && asked.told("1").isEmpty)
    val stopping = asked.tell(ClientsDismissed)
    assert(stopping.told("1") == Vector(DriverMessage.Stop(1.second)))
    assert(stopping.tell(KeeperClosed("1")).state.phase == RayClusterState.STOPPING)
    val over = stopping.tell(KeeperClosed("1"), KeeperClosed("driver"))
    assert(over.state.phase == RayClusterState.STOPPED)
    assert(over.actions == Vector(CancelJobs, Close))
  }

  test("a keeper that enlists while the cluster ends is sent away") {
    val story = Story.begin(workers = 1).enlist("driver").tell(StopAsked, Enlisted("1", "10.0.0.1"))
    assert(story.told("1").nonEmpty)
  }

  test("an application that ends takes its executors along: only the head is waited for") {
    val story = Story.running(workers = 2).tell(ApplicationEnded, ClientsDismissed)
    assert(story.told("1").nonEmpty)
    assert(story.tell(KeeperClosed("driver")).state.phase == RayClusterState.STOPPED)
  }

  test("a start that takes too long says what it waited for") {
    val story = Story.begin(workers = 2).tell(ExecutorAdded("1", 2), StartTimedOut)
    val message = story.state.failure.collect { case e: StartTimeoutException => e.getMessage }
    assert(
      message.contains(
        "The Ray cluster did not start within 120 s: 1 of 2 Spark executors have registered. " +
          "Free executors or lower num_nodes, or raise start_timeout."
      )
    )
  }

  test("a job that fails ends the start, and is only told of later") {
    val cause = new Exception("Job aborted.")
    assert(Story.begin(1).tell(JobEnded(None, Some(cause))).state.failure.nonEmpty)
    assert(Story.running(1).tell(JobEnded(None, Some(cause))).state.failure.isEmpty)
  }

  test("a final state hears nothing any more") {
    val over = Story.begin(workers = 0).tell(StopAsked, ClientsDismissed)
    assert(over.state.phase == RayClusterState.STOPPED)
    assert(over.tell(StopAsked, Started).actions.isEmpty)
  }
}
