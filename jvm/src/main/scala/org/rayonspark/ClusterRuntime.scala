package org.rayonspark

import org.apache.spark.SparkContext
import org.apache.spark.internal.Logging
import org.apache.spark.rayonspark.{
  KubernetesDriver,
  SparkDriver,
  SparkExecutor,
  SparkRpc,
  SparkShutdown
}
import org.rayonspark.conf.{Auth, Keys, TransitEncryption}
import org.rayonspark.job.{RayClusterJob, SlotCheck}
import org.rayonspark.node.{GuardedProcess, NodeAgent, Reachability, ShutdownHooks}
import org.rayonspark.pods.PodMonitor
import org.rayonspark.rpc.{DriverEndpoint, ShutdownDelay, ShutdownNotice}
import org.rayonspark.remote.StagingServer
import org.rayonspark.threads.{Daemon, Steps}
import org.rayonspark.supervision._

import java.util.concurrent.{ConcurrentHashMap, CountDownLatch, Executors, TimeUnit}
import scala.concurrent.duration._

/**
 * Runs one cluster in the driver. Owns its event loop, RPC endpoint, Spark jobs, listener and
 * monitors, and performs the actions that the loop decides on, on the loop's thread.
 */
private[rayonspark] final class ClusterRuntime(sc: SparkContext, initial: ClusterState, gpus: Int)
    extends Logging {
  val clients = new Clients
  val loop = new ClusterEventLoop(initial, perform)

  private val nodesGone = new CountDownLatch(1)
  private val released = new CountDownLatch(1)
  private val spec = initial.spec
  private val driver = SparkExecutor.driverInfo(sc)
  private val transport = SparkRpc.ofThisApplication()
  private val agents =
    new DriverEndpoint(
      transport,
      DriverEndpoint.endpointName(initial.id),
      message => loop.post(ClusterEvent.of(message)),
      leaving
    )
  val staging = new ClusterStaging(
    () => loop.state,
    agents,
    transport,
    () => SparkDriver.hosts(sc),
    SparkDriver.isAlive(sc, _)
  )
  private val job = new RayClusterJob(
    sc,
    initial.id,
    spec(Keys.scheduling),
    (holding, error) => loop.post(ClusterEvent.JobEnded(holding, error)),
    () => ()
  )
  // Spark's own list of executors has another queue, and may be behind the cluster's events.
  private val executorHosts = new ConcurrentHashMap[String, String]
  private val listener =
    new RayClusterListener(loop.post, executorHosts.put(_, _), () => awaitNodesGone())
  private val pods: Option[PodMonitor] =
    Option.when(KubernetesDriver.isMaster(sc.master) && !initial.dynamic && missingExecutors > 0)(
      new PodMonitor(
        KubernetesDriver.pods(sc),
        () => missingExecutors,
        initial.workers,
        why => loop.post(ClusterEvent.ExecutorsUnavailable(why))
      )
    )
  private val probes = Executors.newFixedThreadPool(
    ClusterRuntime.probeThreads,
    Daemon.factory(s"rayonspark-${initial.id}-probe")
  )

  private val decommissions = new DecommissionMonitor(
    initial.id,
    () => NodeDrain.drainable(loop.state),
    SparkDriver.isDecommissioned(sc, _),
    loop.post
  )

  // Runs before Spark ends the executors, each of which would otherwise wait for its node to drain.
  private val shutdownHook = SparkShutdown.before { () =>
    requestStop()
    released.await(ClusterRuntime.endLimit.toSeconds, TimeUnit.SECONDS)
    ()
  }

  /** Begins to stop the cluster. */
  def requestStop(): Unit = loop.post(ClusterEvent.StopRequested)

  /**
   * Waits until all nodes have ended and this JVM has released the cluster's resources.
   *
   * @throws RayOnSparkException
   *   if that takes longer than [[ClusterRuntime.stopLimit]]
   */
  def awaitReleased(): Unit =
    if (!released.await(ClusterRuntime.stopLimit.toMillis, TimeUnit.MILLISECONDS))
      throw new NodeFailedException(s"$unfinished Look in the driver's log for the cause.")

  /** Waits until the nodes have ended. After the limit Spark's own stop continues without them. */
  private def awaitNodesGone(): Unit =
    if (!nodesGone.await(ClusterRuntime.stopLimit.toMillis, TimeUnit.MILLISECONDS))
      logError(s"$unfinished Spark stops anyway. Look for leftover Ray processes on the hosts.")

  private def unfinished: String = {
    val left = loop.state.nodes.values.filter(_.active).map(n => s"node ${n.index}")
    val what = if (left.isEmpty) "resources in the driver" else left.mkString(", ")
    s"Ray cluster ${initial.id} did not stop within ${ClusterRuntime.stopLimit.toSeconds} s. " +
      s"Left over: $what."
  }

  /** After this time the cluster is running, or its start deadline has ended it. */
  def startLimit: FiniteDuration = spec(Keys.startTimeout) + ClusterRuntime.stopLimit

  /** What the start is waiting for, as a sentence without its full stop; empty after the start. */
  def progress: String = {
    val state = loop.state
    val others =
      if (!state.waitsForSlots) Vector.empty
      else SparkDriver.otherJobs(sc, RayClusterJob.group(initial.id))
    if (others.isEmpty) state.progress else s"${state.progress}: ${others.mkString(", ")}"
  }

  def clientEnvironment: Map[String, String] =
    initial.launchTemplate.environment.filter { case (name, _) => name.startsWith("RAY_AUTH_") }

  private def begin(): Unit = {
    TransitEncryption
      .warning(sc.master, sc.getConf.getOption)
      .foreach(warning => logWarning(warning))
    for ((former, setting) <- Keys.formerSettings if sc.getConf.contains(former))
      logWarning(s"$former is now called $setting. Set $setting instead.")
    for (nodes <- spec(Keys.numNodes) if initial.local && nodes > 1)
      logWarning(
        s"num_nodes=$nodes has no effect: a local master has one node, the head. Use a master that " +
          "has executors."
      )
    if (spec(Keys.auth) == Auth.Disabled)
      logWarning(
        s"Ray cluster ${initial.id} has authentication disabled: anyone who reaches one of its " +
          "ports can run code as this user. Leave auth out to require a token."
      )
    SparkDriver.addListener(sc, listener, s"rayonspark-${initial.id}")
    SparkDriver.executors(sc).foreach { e =>
      executorHosts.put(e.id, e.host)
      loop.post(ClusterEvent.ExecutorAdded(e.id, e.cores))
    }
    new NodeAgent(
      DriverEndpoint.endpointName(initial.id),
      driver,
      transport,
      GuardedProcess,
      StagingServer,
      ShutdownHooks.ofDriver,
      () => ()
    )
    loop.postAfter(spec(Keys.startTimeout), ClusterEvent.StartTimedOut)
    loop.post(ClusterEvent.Started)
  }

  /**
   * Answers the notice from the current state. The order to drain follows later, when the loop has
   * handled the events.
   */
  private def leaving(notice: ShutdownNotice): ShutdownDelay = {
    val delay = ShutdownDelay(NodeDrain.limit(loop.state, notice.executorId))
    notice.use.foreach(use => loop.post(ClusterEvent.ContainerTerminating(notice.executorId, use)))
    loop.post(ClusterEvent.ExecutorLeaving(notice.executorId, "its JVM is shutting down"))
    delay
  }

  private def perform(action: ClusterAction): Unit =
    try act(action)
    finally if (loop.state.ending) staging.end()

  private def act(action: ClusterAction): Unit = action match {
    case ClusterAction.PlaceNodes(ids) => job.place(locations(ids), gpus)
    case ClusterAction.PlaceDynamically(nodes) => job.placeDynamically(nodes * slotsPerExecutor)
    case ClusterAction.PlaceOn(ids) => job.placeOn(locations(ids), gpus, initial.dynamic)
    case ClusterAction.Reserve(id, slots) =>
      job.reserve(id, locations(Vector(id)).head, slots)
    case ClusterAction.Tell(id, message) => agents.tell(id, message)
    case ClusterAction.Probe(id, incarnation, host, port) =>
      probes.execute { () =>
        val error = probe(s"$host:$port")
        loop.post(ClusterEvent.Probed(id, incarnation, error))
      }
    case ClusterAction.After(delay, event) => loop.postAfter(delay, event)
    case ClusterAction.DisconnectClients =>
      loop.postAfter(ClusterRuntime.clientTimeout, ClusterEvent.ClientsDisconnected)
      clients.whenAllDetached(() => loop.post(ClusterEvent.ClientsDisconnected))
    case ClusterAction.CancelJobs => job.cancel()
    case ClusterAction.Close => release()
    case ClusterAction.Info(text) => logInfo(s"Ray cluster ${initial.id}: $text")
    case ClusterAction.Warn(text) => logWarning(s"Ray cluster ${initial.id}: $text")
    case ClusterAction.Error(text) => logError(s"Ray cluster ${initial.id}: $text")
  }

  /** Never throws, because the supervisor waits for an answer. */
  private def probe(target: String): Option[String] =
    try Reachability.check(driver.host, target)
    catch {
      case e: Throwable =>
        Some(s"Host ${driver.host} could not try to open a connection to $target ($e).")
    }

  /** Number of executors that must still register before the first nodes are placed. */
  private def missingExecutors: Int =
    if (loop.state.placed) 0 else loop.state.workers - SparkDriver.executors(sc).size

  private def locations(ids: Vector[String]): Vector[String] =
    ids.map(id => SparkDriver.location(id, executorHosts.getOrDefault(id, "")))

  private def slotsPerExecutor: Int =
    loop.state.executors.values.minOption
      .orElse(SlotCheck.expected(sc.master, sc.getConf.getOption).cores)
      .getOrElse(1)

  private def release(): Unit =
    try
      Steps.all(s"Stopping Ray cluster ${initial.id}")(
        "closing the endpoint of the node agents" -> (() => agents.close()),
        "releasing the clients" -> (() => clients.close()),
        "stopping the probes" -> (() => { probes.shutdownNow(); () }),
        "closing the pod monitor" -> (() => pods.foreach(_.close())),
        "closing the decommission monitor" -> (() => decommissions.close()),
        "removing the shutdown hook" -> (() => shutdownHook.close()),
        // Before removing the listener, which joins the thread of its queue: that thread may be
        // waiting for this latch.
        "releasing the listener" -> (() => nodesGone.countDown()),
        "removing the listener" -> (() => SparkDriver.removeListener(sc, listener))
      )
    finally {
      nodesGone.countDown()
      released.countDown()
    }
}

private[rayonspark] object ClusterRuntime {
  private val probeThreads = 4

  /** How long connected clients may take to disconnect when the cluster stops. */
  private val clientTimeout = 2.seconds

  /** How long releasing this JVM's own resources may take after all nodes have ended. */
  private val releaseTime = 10.seconds

  /**
   * How long stopping a cluster may take in total: clients disconnect, nodes report their end or
   * are given up, and the driver releases its own resources.
   */
  val stopLimit: FiniteDuration = clientTimeout + Transition.stopTimeout + releaseTime

  /** Limit during the driver's JVM shutdown, where Spark has 30 s in total and must stop too. */
  private val endLimit = 15.seconds

  def begin(sc: SparkContext, spec: RayClusterSpec, headPython: Option[String]): ClusterRuntime = {
    val cluster = NewCluster.of(sc, spec, headPython)
    val runtime = new ClusterRuntime(sc, cluster.state, cluster.gpus)
    try runtime.begin()
    catch {
      case e: Throwable =>
        runtime.requestStop()
        try runtime.awaitReleased()
        catch { case left: Throwable => e.addSuppressed(left) }
        throw e
    }
    runtime
  }
}
