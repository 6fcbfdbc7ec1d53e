package org.rayonspark.watch

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{PortPolicy, RayPort}
import org.rayonspark.plan.{MemoryOffer, Offer}
import org.rayonspark.rendezvous.DriverMessage

/** A cluster's life as events told one after the other; it remembers what was asked for. */
final case class Story(state: ClusterState, actions: Vector[ClusterAction] = Vector.empty) {

  /** Tells events; [[actions]] are those of the last telling. */
  def tell(events: ClusterEvent*): Story =
    events.foldLeft(copy(actions = Vector.empty)) { case (story, event) =>
      val (next, more) = Registration.step(story.state, event)
      Story(next, story.actions ++ more)
    }

  def told(executorId: String): Vector[DriverMessage] =
    actions.collect { case ClusterAction.Tell(`executorId`, message) => message }

  def launched: Set[String] =
    actions.collect { case ClusterAction.Tell(id, _: DriverMessage.Launch) => id }.toSet

  /** Ray's name of the node on that executor. */
  def name(executorId: String): String = state.members(executorId).plan.get.name

  /** GCS lists these nodes as alive. */
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
    val charters = CharterTemplate(
      driverCores = if (workers == 0) 2 else 0,
      headPython = "python3",
      python = "python3",
      environment = Map("RAY_AUTH_TOKEN" -> "secret"),
      ports = PortPolicy.free,
      tempDirectory = "/tmp",
      logDirectory = None
    )
    Story(ClusterState("c", spec, workers, dynamic, charters)).tell(ClusterEvent.Started)
  }

  /** A cluster whose nodes are all alive. */
  def running(workers: Int, spec: RayClusterSpec = RayClusterSpec.builder().build()): Story = {
    val ids = (1 to workers).map(_.toString)
    val placed = ids.foldLeft(begin(workers, spec).enlist("driver").offer("driver")) { (story, id) =>
      story.tell(ClusterEvent.ExecutorAdded(id, 2))
    }
    val offered = ids.foldLeft(placed)((story, id) => story.enlist(id).offer(id))
    offered.seen("driver" +: ids: _*)
  }

  def offerOf(executorId: String): Offer = Offer(
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
    unreachable = None
  )

  implicit final class Keepers(private val story: Story) extends AnyVal {
    def enlist(executorId: String): Story =
      story.tell(ClusterEvent.Enlisted(executorId, offerOf(executorId).host))

    /** The keeper offers, and the driver reaches its host. */
    def offer(executorId: String): Story = {
      val incarnation = story.state.members(executorId).incarnation
      story.tell(
        ClusterEvent.Offered(executorId, incarnation, offerOf(executorId)),
        ClusterEvent.Probed(executorId, incarnation, None)
      )
    }
  }
}
