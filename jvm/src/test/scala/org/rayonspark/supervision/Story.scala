package org.rayonspark.supervision

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{PortPolicy, RayPort}
import org.rayonspark.plan.{MemoryOffer, ResourceOffer}
import org.rayonspark.rpc.DriverMessage

/** A cluster's state after a sequence of events, and the actions that resulted. */
final case class Story(state: ClusterState, actions: Vector[ClusterAction] = Vector.empty) {

  /** Applies events; [[actions]] of the result are those of this call only. */
  def tell(events: ClusterEvent*): Story =
    events.foldLeft(copy(actions = Vector.empty)) { case (story, event) =>
      val (next, more) = ExecutorRegistration.step(story.state, event)
      Story(next, story.actions ++ more)
    }

  /** Messages to the agent on that executor. */
  def told(executorId: String): Vector[DriverMessage] =
    actions.collect { case ClusterAction.Tell(`executorId`, message) => message }

  def launched: Set[String] =
    actions.collect { case ClusterAction.Tell(id, _: DriverMessage.Launch) => id }.toSet

  /** Ray's name of the node on that executor. */
  def name(executorId: String): String = state.nodes(executorId).plan.get.name

  /** Lets GCS list these nodes as alive. */
  def seen(executorIds: String*): Story =
    tell(executorIds.map(id => ClusterEvent.NodeSeen(name(id), s"ray-$id", alive = true)): _*)
}

object Story {
  private val gib = 1L << 30

  def begin(
      workers: Int,
      spec: RayClusterSpec = RayClusterSpec.builder().build(),
      dynamic: Boolean = false
  ): Story = {
    val launchTemplate = LaunchTemplate(
      driverCores = if (workers == 0) 2 else 0,
      headPython = "python3",
      python = "python3",
      environment = Map("RAY_AUTH_TOKEN" -> "secret"),
      inherit = Vector("*"),
      ports = PortPolicy.free,
      tempDirectory = "/tmp",
      logDirectory = None
    )
    Story(ClusterState("c", spec, workers, dynamic, launchTemplate)).tell(ClusterEvent.Started)
  }

  /** A cluster whose nodes are all alive. */
  def running(workers: Int, spec: RayClusterSpec = RayClusterSpec.builder().build()): Story = {
    val ids = (1 to workers).map(_.toString)
    val placed =
      ids.foldLeft(begin(workers, spec).register("driver").offer("driver")) { (story, id) =>
        story.tell(ClusterEvent.ExecutorAdded(id, 2))
      }
    val offered = ids.foldLeft(placed)((story, id) => story.register(id).offer(id))
    offered.seen("driver" +: ids: _*)
  }

  def offerOf(executorId: String): ResourceOffer = ResourceOffer(
    executorId = executorId,
    host = s"10.0.0.${if (executorId == "driver") "100" else executorId}",
    cores = 2,
    gpuAddresses = Vector.empty,
    memory = MemoryOffer(limit = None, available = 16 * gib, heap = gib),
    sharedMemory = Some(8 * gib),
    ports = RayPort.all.zipWithIndex.map { case (port, i) => port -> (20000 + i) }.toMap,
    directory = "/tmp/ros-1",
    localDirs = Vector("/tmp/spark"),
    logDirectory = "/logs",
    sharedLogs = false,
    pythonPath = Vector.empty,
    python = "3.11.7",
    ray = Some("2.60.0"),
    dashboard = true,
    unreachable = None
  )

  implicit final class Agents(private val story: Story) extends AnyVal {
    def register(executorId: String): Story =
      story.tell(ClusterEvent.AgentRegistered(executorId, offerOf(executorId).host))

    /** Lets the agent make its offer, and the driver reach its host. */
    def offer(executorId: String): Story = {
      val incarnation = story.state.nodes(executorId).incarnation
      story.tell(
        ClusterEvent.ResourceOffered(executorId, incarnation, offerOf(executorId)),
        ClusterEvent.Probed(executorId, incarnation, None)
      )
    }
  }
}
