package org.rayonspark.supervision

import org.rayonspark.{NodeFailedException, RayClusterSpec, RayClusterState}
import org.rayonspark.{StartTimeoutException, UnreachableException, VersionMismatchException}
import org.rayonspark.node.{ContainerUsage, NodeExit}
import org.rayonspark.rpc.DriverMessage
import org.rayonspark.supervision.ClusterAction._
import org.rayonspark.supervision.ClusterEvent._
import org.scalatest.funsuite.AnyFunSuite

import scala.concurrent.duration._

class SupervisorSuite extends AnyFunSuite {
  private val crash = NodeExit(code = 1, asked = false, tail = Vector("something broke"))

  test("a local cluster consists of the head only") {
    val story = Story.begin(workers = 0).register("driver").offer("driver")
    assert(story.launched == Set("driver"))
    val running = story.seen("driver")
    assert(running.state.phase == RayClusterState.RUNNING)
  }

  test("a head without the packages of the dashboard has none, and a warning says so once") {
    val bare = Story.offerOf("driver").copy(dashboard = false)
    val story = Story.begin(workers = 0).register("driver").tell(ResourceOffered("driver", 0, bare))
    val warnings = story.actions.collect { case Warn(text) => text }
    assert(
      warnings == Vector(
        "the Python 3.11.7 of the head lacks packages of Ray's dashboard, so the cluster has " +
          "none. Install \"ray[default]\" there, or set dashboard to false."
      )
    )
    assert(story.state.nodes("driver").plan.exists(_.dashboardHost.isEmpty))
  }

  test("nothing is placed before enough executors have registered") {
    val story = Story.begin(workers = 2).tell(ExecutorAdded("1", 2))
    assert(story.actions.isEmpty)
    assert(story.state.progress == "1 of 2 Spark executors have registered")
    assert(story.tell(ExecutorAdded("2", 2)).actions == Vector(PlaceNodes(Vector("1", "2"))))
  }

  test("a worker waits for the head's address, and gets it in its launch context") {
    val early = Story.begin(workers = 1).register("driver").register("1")
    assert(early.told("1").isEmpty)
    val contexts = early.offer("driver").told("1").collect { case DriverMessage.Prepare(c) => c }
    assert(contexts.map(_.head) == Vector(Some("10.0.0.100:20000")))
  }

  test("workers are launched when GCS lists the head, and not before") {
    val planned =
      Story
        .begin(workers = 2)
        .register("driver")
        .offer("driver")
        .register("1")
        .offer("1")
        .register("2")
    assert(planned.launched.isEmpty)
    val complete = planned.offer("2")
    assert(complete.launched == Set("driver"))
    assert(complete.seen("driver").launched == Set("1", "2"))
  }

  test("a cluster is running when GCS lists every node") {
    val story = Story.running(workers = 2)
    assert(story.state.phase == RayClusterState.RUNNING)
    assert(story.told("2").last == DriverMessage.Ready)
  }

  test("a surplus agent is stopped: a speculative copy or a late task") {
    val story = Story.running(workers = 1).tell(AgentRegistered("9", "10.0.0.9"))
    assert(story.told("9") == Vector(DriverMessage.Stop(Duration.Zero)))
    assert(!story.state.nodes.contains("9"))
  }

  test("events of an earlier incarnation are ignored") {
    val story = Story.running(workers = 1).tell(NodeExited("1", 7, crash))
    assert(story.actions.isEmpty && story.state.nodes("1").alive)
  }

  test("a host that the driver cannot reach fails the start") {
    val story = Story.begin(workers = 1).register("driver").offer("driver").register("1")
    val failed = story.tell(
      ResourceOffered("1", 0, Story.offerOf("1")),
      Probed("1", 0, Some("Host a cannot open a connection to b:1"))
    )
    assert(failed.state.failure.exists(_.isInstanceOf[UnreachableException]))
    assert(failed.actions.contains(DisconnectClients))
  }

  test("a head whose Ray is too old for tokens fails the start before a worker is prepared") {
    val old = Story.offerOf("driver").copy(ray = Some("2.49.2"))
    val story = Story.begin(workers = 1).register("driver").register("1")
    val failed = story.tell(ResourceOffered("driver", 0, old))
    assert(failed.state.failure.exists(_.isInstanceOf[VersionMismatchException]))
    assert(failed.told("1").isEmpty && failed.launched.isEmpty)
  }

  test("a node that exits during the start fails the start with its last output") {
    val story =
      Story
        .begin(workers = 0)
        .register("driver")
        .offer("driver")
        .tell(NodeExited("driver", 0, crash))
    assert(story.state.phase == RayClusterState.STOPPING)
    val error = story.state.failure.collect { case e: NodeFailedException => e.getMessage }
    assert(
      error.contains(
        "Ray node 0 (head) on host \"10.0.0.100\" exited with code 1. It was not ready yet. " +
          "Its last output:\n  something broke\n The full log is in /logs/c-head."
      )
    )
  }

  test("a port conflict is retried with a new offer") {
    val conflict = NodeExit(1, asked = false, Vector("bind: Address already in use"))
    val story = Story
      .begin(workers = 0)
      .register("driver")
      .offer("driver")
      .tell(NodeExited("driver", 0, conflict))
    val incarnations =
      story.told("driver").collect { case DriverMessage.Prepare(c) => c.incarnation }
    assert(incarnations == Vector(1))
    val running = story.offer("driver").seen("driver")
    assert(running.state.phase == RayClusterState.RUNNING)
  }

  test("a worker that dies is restarted after a back-off that doubles") {
    val first = Story.running(workers = 1).tell(NodeExited("1", 0, crash))
    assert(first.actions.contains(After(1.second, RestartDue("1"))))
    val again = first.tell(RestartDue("1")).offer("1")
    assert(again.launched == Set("1"))
    val alive = again.seen("1")
    assert(alive.state.nodes("1").incarnation == 1 && alive.state.nodes("1").alive)
    assert(
      alive.tell(NodeExited("1", 1, crash)).actions.contains(After(2.seconds, RestartDue("1")))
    )
  }

  test("a worker without restarts left is given up, but the cluster keeps running") {
    val spec = RayClusterSpec.builder().maxRestarts(0).build()
    val story = Story.running(workers = 1, spec).tell(NodeExited("1", 0, crash))
    assert(story.state.phase == RayClusterState.RUNNING)
    assert(story.state.nodes("1").state == NodeState.Failed)
    assert(story.tell(ExecutorAdded("1", 2)).actions.isEmpty)
  }

  test("an old restart no longer counts, and forgetting it leaves the node's state alone") {
    val spec = RayClusterSpec.builder().maxRestarts(1).build()
    val restarted = Story
      .running(workers = 1, spec)
      .tell(NodeExited("1", 0, crash), RestartDue("1"))
      .offer("1")
      .seen("1")
    val late = restarted.tell(RestartForgotten("1"))
    assert(late.state.nodes("1").alive && late.actions.isEmpty)
    val again = late.tell(NodeExited("1", 1, crash))
    assert(again.state.nodes("1").state == NodeState.BackingOff)
    assert(again.actions.contains(After(1.second, RestartDue("1"))))
    val soon = restarted.tell(NodeExited("1", 1, crash))
    assert(soon.state.nodes("1").state == NodeState.Failed)
    assert(soon.tell(RestartForgotten("1")).state.nodes("1").state == NodeState.Failed)
    assert(soon.tell(RestartForgotten("none")).actions.isEmpty)
  }

  test("a dead head ends the cluster") {
    val story = Story.running(workers = 1).tell(NodeExited("driver", 0, crash))
    assert(story.state.phase == RayClusterState.STOPPING)
    val over = story.tell(ClientsDisconnected, AgentClosed("driver"), AgentClosed("1"))
    assert(over.state.phase == RayClusterState.FAILED)
    assert(over.actions.last == Close)
  }

  /** Two of three executors are to get a node. */
  private val spare = Story
    .begin(workers = 2)
    .register("driver")
    .offer("driver")
    .tell(ExecutorAdded("1", 2), ExecutorAdded("2", 2), ExecutorAdded("3", 2))

  test("an executor that is lost before its node is planned is replaced by a spare one") {
    val lost = spare.register("1").offer("1").register("2").tell(ExecutorLost("2", "killed"))
    assert(lost.actions.last == PlaceOn(Vector("3")))
    val placed = lost.tell(JobEnded(None, None)).register("3").offer("3").seen("driver")
    assert(placed.launched == Set("1", "3"))
    assert(placed.seen("1", "3").state.phase == RayClusterState.RUNNING)
  }

  test("an executor that is lost while its node starts is replaced when Spark has another one") {
    val launched = spare.register("1").offer("1").register("2").offer("2").seen("driver", "1")
    val lost = launched.tell(ExecutorLost("3", "idle"), ExecutorLost("2", "killed"))
    assert(lost.state.starting)
    assert(lost.actions.collect { case PlaceOn(ids) => ids }.isEmpty)
    val placing = lost.tell(ExecutorAdded("4", 2))
    assert(placing.actions == Vector(PlaceOn(Vector("4"))))
    val replaced = placing.register("4").offer("4")
    assert(replaced.launched == Set("4"))
    assert(replaced.seen("4").state.phase == RayClusterState.RUNNING)
  }

  test("an executor without a free slot for the task that places its node is tried again") {
    val missed = spare.register("1").tell(JobEnded(None, None))
    assert(missed.state.waitsForSlots)
    assert(missed.actions == Vector(After(1.second, PlacementDue)))
    // Others are tried first.
    val another = missed.tell(PlacementDue)
    assert(another.actions == Vector(PlaceOn(Vector("3"))))
    val again = another.tell(JobEnded(None, None), PlacementDue)
    assert(again.actions.last == PlaceOn(Vector("2")))
    // The start has a time limit, so the back-off does not grow.
    assert(again.tell(JobEnded(None, None)).actions == Vector(After(1.second, PlacementDue)))
    assert(!again.register("2").state.waitsForSlots)
  }

  test("with dynamic allocation, an executor that is lost during the start fails it") {
    val story = Story.begin(workers = 2, dynamic = true).register("driver").offer("driver")
    val error = story.register("1").tell(ExecutorLost("1", "killed")).state.failure
    assert(error.exists(_.getMessage.contains("was lost while Ray node 1 was starting on it")))
  }

  test("a start whose nodes are all placed places no more") {
    val placed = spare.register("1").register("3")
    assert(placed.tell(JobEnded(None, None), PlacementDue).actions.forall {
      case _: PlaceOn => false
      case _ => true
    })
  }

  test("an executor that is lost later is replaced when Spark has another one") {
    val lost = Story.running(workers = 2).tell(ExecutorLost("1", "killed"))
    assert(lost.state.nodes("1").state == NodeState.Lost)
    val placing = lost.tell(ExecutorAdded("3", 2))
    assert(placing.actions == Vector(PlaceOn(Vector("3"))))
    val replaced = placing.register("3").offer("3")
    assert(replaced.launched == Set("3"))
    assert(replaced.seen("3").state.activeWorkers.map(_.executorId).toSet == Set("2", "3"))
  }

  private val limit = DriverMessage.Drain(20.seconds)
  private val drained = NodeExit(code = 1, asked = true, tail = Vector("finished draining"))

  test("a node whose executor is about to end drains, and is not restarted") {
    val leaving = Story.running(workers = 2).tell(ExecutorLeaving("2", "why"))
    val text = "Ray node 2 on host 10.0.0.2 drains for up to 20 s, because Spark executor 2 is " +
      "about to end (why)."
    assert(leaving.actions == Vector(Info(text), Tell("2", limit)))
    assert(leaving.state.nodes("2").state.name == "draining")
    assert(leaving.tell(ExecutorLeaving("2", "once more")).actions.isEmpty)
    val gone = leaving.tell(NodeSeen(leaving.name("2"), "ray-2", alive = false))
    assert(gone.actions.isEmpty && gone.state.nodes("2").rayNodeId.isEmpty)
    val over = gone.tell(NodeExited("2", 0, drained), AgentClosed("2"), ExecutorLost("2", "gone"))
    assert(over.actions == Vector(Info("Ray node 2 on host 10.0.0.2 has drained and ended.")))
    assert(over.state.nodes("2").state == NodeState.Drained && over.state.running)
  }

  test("a draining node is replaced immediately, but never on its own executor") {
    val spare = Story.running(workers = 2).tell(ExecutorAdded("3", 2))
    assert(spare.actions.isEmpty)
    val leaving = spare.tell(ExecutorLeaving("2", "why"))
    assert(leaving.actions.last == PlaceOn(Vector("3")))
    assert(leaving.register("2").told("2") == Vector(DriverMessage.Stop(Duration.Zero)))
    val replaced = leaving.register("3").offer("3").seen("3")
    assert(replaced.state.activeWorkers.map(_.executorId) == Vector("1", "3"))
    val lost =
      Story.running(workers = 1).tell(ExecutorLeaving("1", "why"), NodeExited("1", 0, drained))
    assert(lost.tell(ExecutorAdded("1", 2)).actions.isEmpty)
  }

  test("if Spark has removed the executor of a draining node, only GCS reports the node's end") {
    val removed = Story
      .running(workers = 1)
      .tell(ExecutorLeaving("1", "why"), ExecutorLost("1", "decommission finished"))
    assert(removed.state.nodes("1").draining)
    val over = removed.tell(NodeSeen(removed.name("1"), "ray-1", alive = false))
    assert(over.state.nodes("1").state == NodeState.Drained)
    val early = Story
      .running(workers = 1)
      .tell(ExecutorLeaving("1", "why"), NodeSeen(removed.name("1"), "ray-1", alive = false))
    assert(early.state.nodes("1").draining)
    assert(early.tell(ExecutorLost("1", "gone")).state.nodes("1").state == NodeState.Drained)
  }

  test("a stop includes draining nodes, and waits for those that can still answer") {
    val leaving =
      Story.running(workers = 2).tell(ExecutorLeaving("1", "a"), ExecutorLeaving("2", "b"))
    val stopping = leaving.tell(ExecutorLost("2", "gone"), StopRequested, ClientsDisconnected)
    assert(stopping.told("1") == Vector(DriverMessage.Stop(1.second)))
    val waiting = stopping.tell(AgentClosed("driver"))
    assert(waiting.state.phase == RayClusterState.STOPPING)
    assert(waiting.tell(AgentClosed("1")).state.phase == RayClusterState.STOPPED)
  }

  test("only live workers of a running cluster drain, unless draining is turned off") {
    val off = RayClusterSpec.builder().drainTimeout(java.time.Duration.ZERO).build()
    val starting =
      Story.begin(workers = 1).register("driver").offer("driver").register("1").offer("1")
    val none = Vector(
      Story.running(workers = 1) -> "driver",
      Story.running(workers = 1) -> "9",
      Story.running(workers = 1, off) -> "1",
      Story.running(workers = 1).tell(NodeExited("1", 0, crash)) -> "1",
      Story.running(workers = 1).tell(StopRequested) -> "1",
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

  test("the warning about an executor that exceeded its memory says what to raise") {
    val yarn = "Container killed by YARN for exceeding physical memory limits. Consider boosting " +
      "spark.executor.memoryOverhead."
    val story = Story.running(workers = 1)
    val plan = story.state.nodes("1").plan.get
    val store = plan.objectStoreMemory >> 20
    val budget = (plan.memory + plan.objectStoreMemory) >> 20
    val warning = s"Ray node 1 was lost with Spark executor 1: $yarn Ray's processes count " +
      s"towards the memory limit too: their budget is $budget MiB, of which the object store may " +
      s"take $store MiB. Raise `extra_executor_memory_for_ray` (spark.executor.memoryOverhead), " +
      "or lower `object_store_memory`."
    val due = ClusterEvent.UsageOverdue("1")
    val lost = story.tell(ExecutorLost("1", yarn))
    assert(lost.actions.contains(After(1.second, due)))
    assert(lost.tell(due).actions == Vector(Warn(warning)))
    val stopping = lost.tell(StopRequested, ClientsDisconnected)
    val stopped = stopping.tell(AgentClosed("driver"))
    assert(stopped.actions == Vector(Warn(warning), CancelJobs, Close))

    val usage = ContainerUsage(limit = 1536L << 20, resident = 2310L << 20, shared = 310L << 20)
    val used = "they used 2310 MiB (310 MiB of it shared memory) in a container of 1536 MiB, " +
      "which they share with the JVM; their budget"
    val ending = ClusterEvent.ContainerTerminating("1", usage)
    val whole = Warn(warning.replace("their budget", used))
    assert(story.tell(ending, ExecutorLost("1", yarn)).actions.contains(whole))
    // Spark may report the end first.
    val reported = lost.tell(ending)
    assert(reported.actions == Vector(whole) && reported.tell(due).actions.isEmpty)
    assert(stopping.tell(ending).actions == Vector(whole))

    // YARN's SIGTERM looks like the normal end of an executor.
    val leaving = story.tell(ExecutorLeaving("1", "its JVM is shutting down"))
    assert(leaving.state.nodes("1").draining)
    val gone = leaving.tell(ExecutorLost("1", yarn))
    assert(gone.actions == Vector(After(1.second, due)))
    assert(gone.tell(ending).actions == Vector(whole))
    assert(leaving.tell(ExecutorLost("1", "idle")).actions.isEmpty)

    // After a kill by the kernel, nothing reports the memory.
    val killed = story.tell(ExecutorLost("1", "OOMKilled")).actions
    assert(killed.contains(Warn(warning.replace(yarn, "OOMKilled."))))
  }

  test("the warning about a process that the kernel killed for its memory says what to raise") {
    val story = Story.running(workers = 1)
    val plan = story.state.nodes("1").plan.get
    val store = plan.objectStoreMemory >> 20
    val budget = (plan.memory + plan.objectStoreMemory) >> 20
    val warning = "The kernel killed a process in the control group of Spark executor 1 because " +
      "memory ran out. The group's limit is 1200 MiB. Ray node 1's processes count towards it " +
      s"too: their budget is $budget MiB, of which the object store may take $store MiB. Raise " +
      "`extra_executor_memory_for_ray` (spark.executor.memoryOverhead), or lower " +
      "`object_store_memory`."
    val told = story.tell(OutOfMemory("1", 0, 1200L << 20))
    assert(told.actions == Vector(Warn(warning)) && told.state == story.state)
    assert(story.tell(OutOfMemory("1", 7, 1200L << 20)).actions.isEmpty)
    val head = story.tell(OutOfMemory("driver", 0, 1L << 30)).actions
    assert(head.exists {
      case Warn(text) =>
        text.contains("of the Spark driver") && text.contains("spark.driver.memoryOverhead")
      case _ => false
    })
  }

  private def holding(cpus: Int): RayClusterSpec =
    RayClusterSpec.builder().cpusPerNode(cpus).slots("reserved").build()

  test("a cluster with reserved slots holds them, and does so again if the job was cancelled") {
    val story = Story.running(workers = 2, holding(cpus = 1))
    assert(story.actions.takeRight(2) == Vector(Reserve("1", 1), Reserve("2", 1)))
    val cancelled = story.tell(JobEnded(Some("2"), Some(new Exception("cancelled"))))
    assert(cancelled.actions == Vector(After(1.second, ReservationDue("2"))))
    assert(cancelled.tell(ReservationDue("2")).actions == Vector(Reserve("2", 1)))
    assert(story.tell(JobEnded(Some("2"), None)).actions.isEmpty)
  }

  test("a replacement node reserves slots, and a restarted node still has them") {
    val lost = Story.running(workers = 1, holding(cpus = 1)).tell(ExecutorLost("1", "killed"))
    val replaced = lost.tell(ExecutorAdded("3", 2)).register("3").offer("3").seen("3")
    assert(replaced.actions.contains(Reserve("3", 1)))
    val exit = ClusterEvent.NodeExited("3", 0, NodeExit(1, asked = false, Vector.empty))
    val again = replaced.tell(exit, RestartDue("3")).offer("3").seen("3")
    assert(again.state.activeWorkers.forall(_.alive) && !again.actions.contains(Reserve("3", 1)))
  }

  test("a node that reserves all slots of its executor warns that none is left for Spark") {
    val warning = "Ray node 1 reserves all 2 slots of Spark executor 1: no Spark task runs there " +
      "until the cluster stops. Lower cpus_per_node to leave some."
    assert(Story.running(workers = 1, holding(cpus = 2)).actions.contains(Warn(warning)))
  }

  test("with dynamic allocation tasks request executors, and nodes hold slots to keep them") {
    val begun = Story.begin(workers = 1, dynamic = true)
    assert(begun.actions.last == PlaceDynamically(1))
    val offered = begun
      .register("driver")
      .offer("driver")
      .tell(ExecutorAdded("1", 2))
      .register("1")
      .offer("1")
    assert(offered.seen("driver", "1").actions.contains(Reserve("1", 2)))
  }

  test("clients disconnect before nodes end, and the cluster ends with the last agent") {
    val asked = Story.running(workers = 1).tell(StopRequested)
    assert(asked.actions.contains(DisconnectClients) && asked.told("1").isEmpty)
    val stopping = asked.tell(ClientsDisconnected)
    assert(stopping.told("1") == Vector(DriverMessage.Stop(1.second)))
    assert(stopping.tell(AgentClosed("1")).state.phase == RayClusterState.STOPPING)
    val over = stopping.tell(AgentClosed("1"), AgentClosed("driver"))
    assert(over.state.phase == RayClusterState.STOPPED)
    assert(over.actions == Vector(CancelJobs, Close))
  }

  test("an agent that registers while the cluster is stopping is stopped") {
    val story = Story
      .begin(workers = 1)
      .register("driver")
      .tell(StopRequested, AgentRegistered("1", "10.0.0.1"))
    assert(story.told("1").nonEmpty)
  }

  test("when the application ends, its executors end too, and the stop waits only for the head") {
    val story = Story.running(workers = 2).tell(ApplicationEnded, ClientsDisconnected)
    assert(story.told("1").nonEmpty)
    assert(story.tell(AgentClosed("driver")).state.phase == RayClusterState.STOPPED)
  }

  test("a start that times out says what it was waiting for") {
    val story = Story.begin(workers = 2).tell(ExecutorAdded("1", 2), StartTimedOut)
    val message = story.state.failure.collect { case e: StartTimeoutException => e.getMessage }
    assert(
      message.contains(
        "The Ray cluster did not start within 120 s: 1 of 2 Spark executors have registered. " +
          "Free executors or lower num_nodes, or raise start_timeout."
      )
    )
  }

  test("a job that fails ends the start, but not a running cluster") {
    val cause = new Exception("Job aborted.")
    assert(Story.begin(1).tell(JobEnded(None, Some(cause))).state.failure.nonEmpty)
    assert(Story.running(1).tell(JobEnded(None, Some(cause))).state.failure.isEmpty)
  }

  private val cannot = "The directory cannot be made (No space left on device). Free some."

  test("in a running cluster, a worker that cannot be prepared fails alone") {
    val preparing = Story.running(workers = 2).tell(NodeExited("1", 0, crash), RestartDue("1"))
    val failed = preparing.tell(OfferDeclined("1", 1, cannot))
    assert(failed.state.running && failed.state.nodes("1").state == NodeState.BackingOff)
    assert(
      failed.actions == Vector(
        Warn(
          "Ray node 1 (worker) on host \"10.0.0.1\" could not be prepared: " +
            s"$cannot It restarts in 2 seconds."
        ),
        After(2.seconds, RestartDue("1")),
        After(NodeRestart.window, RestartForgotten("1"))
      )
    )
    assert(failed.tell(NodeExited("1", 1, crash), OfferDeclined("1", 1, cannot)).actions.isEmpty)
    val again = failed.tell(RestartDue("1")).offer("1").seen("1")
    assert(again.state.nodes("1").alive)
  }

  test("a worker that cannot be prepared after its last allowed restart is given up and stopped") {
    val spec = RayClusterSpec.builder().maxRestarts(1).build()
    val failed = Story
      .running(workers = 2, spec)
      .tell(NodeExited("1", 0, crash), RestartDue("1"))
      .tell(OfferDeclined("1", 1, cannot))
    assert(failed.state.running && failed.state.nodes("1").state == NodeState.Failed)
    assert(failed.told("1") == Vector(DriverMessage.Stop(1.second)))
  }

  test("in a running cluster, a worker that cannot be reached or planned fails alone") {
    val preparing = Story.running(workers = 2).tell(NodeExited("1", 0, crash), RestartDue("1"))
    val offered = preparing.tell(ResourceOffered("1", 1, Story.offerOf("1")))
    val unreachable = offered.tell(Probed("1", 1, Some("Host a cannot reach b.")))
    val other = Story.offerOf("1").copy(python = "2.7.0")
    val unplanned = preparing.tell(ResourceOffered("1", 1, other), Probed("1", 1, None))
    for (story <- Vector(unreachable, unplanned)) {
      assert(story.state.running && story.state.nodes("1").state == NodeState.BackingOff)
      assert(story.actions.exists { case After(_, RestartDue("1")) => true; case _ => false })
    }
  }

  test("during the start, a worker that cannot be prepared ends the cluster") {
    val starting = Story.begin(workers = 1).register("driver").offer("driver").register("1")
    assert(starting.tell(OfferDeclined("1", 0, cannot)).state.failure.nonEmpty)
  }

  test("a placement that fails is retried after a back-off, one retry at a time") {
    val placing =
      Story.running(workers = 1).tell(ExecutorLost("1", "killed")).tell(ExecutorAdded("3", 2))
    val cause = new Exception("cancelled")
    val failed = placing.tell(JobEnded(None, Some(cause)))
    assert(failed.actions.contains(After(1.second, PlacementDue)))
    assert(failed.tell(JobEnded(None, Some(cause))).actions.forall {
      case _: After => false
      case _ => true
    })
    val again = failed.tell(PlacementDue)
    assert(again.actions == Vector(PlaceOn(Vector("3"))))
    assert(again.tell(JobEnded(None, Some(cause))).actions.contains(After(2.seconds, PlacementDue)))
  }

  test("a placement that lands elsewhere is retried after a back-off of up to 30 s") {
    val placing =
      Story.running(workers = 1).tell(ExecutorLost("1", "killed")).tell(ExecutorAdded("3", 2))
    val delays = Iterator
      .iterate(placing.tell(JobEnded(None, None)))(_.tell(PlacementDue).tell(JobEnded(None, None)))
      .take(7)
      .map(_.actions)
      .toVector
    assert(
      delays == Vector(1, 2, 4, 8, 16, 30, 30).map(s => Vector(After(s.seconds, PlacementDue)))
    )
    val replaced =
      placing.tell(JobEnded(None, None), PlacementDue).register("3").offer("3").seen("3")
    assert(replaced.tell(JobEnded(None, None)).actions.isEmpty)
  }

  test("a running cluster that fails logs it once, and a failed start throws instead") {
    val failed = Story.running(workers = 1).tell(NodeExited("driver", 0, crash))
    val errors = failed.actions.collect { case Error(text) => text }
    assert(errors.size == 1 && errors.head.contains("exited with code 1"))
    assert(failed.state.failure.nonEmpty && failed.state.ending)
    val start = Story.begin(workers = 0).register("driver").tell(OfferDeclined("driver", 0, cannot))
    assert(start.actions.collect { case Error(text) => text }.isEmpty)
  }

  test("a final state ignores all events") {
    val over = Story.begin(workers = 0).tell(StopRequested, ClientsDisconnected)
    assert(over.state.phase == RayClusterState.STOPPED)
    assert(over.tell(StopRequested, Started).actions.isEmpty)
  }
}
