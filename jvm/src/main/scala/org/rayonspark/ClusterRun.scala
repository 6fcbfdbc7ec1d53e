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
import org.rayonspark.conf.{Auth, Interpreters, Keys}
import org.rayonspark.job.{RayClusterJob, SlotCheck}
import org.rayonspark.node.{GuardedProcess, JvmEnd, NodeEvent, NodeKeeper, Reachability}
import org.rayonspark.pods.PodWatch
import org.rayonspark.rendezvous.{KeeperMessage, Leaving, Rendezvous, Stay}
import org.rayonspark.route.RouteServer
import org.rayonspark.threads.Daemon
import org.rayonspark.watch._

import java.security.SecureRandom
import java.util.HexFormat
import java.util.concurrent.{CountDownLatch, Executors, TimeUnit}
import scala.concurrent.duration._

/** The effects of one cluster: everything of it that lives in the driver, wired around its loop. */
private[rayonspark] final class ClusterRun(sc: SparkContext, initial: ClusterState, gpus: Int)
    extends Logging {
  val clients = new Clients
  val loop = new ClusterLoop(initial, perform)

  private val nodesGone = new CountDownLatch(1)
  private val released = new CountDownLatch(1)
  private val spec = initial.spec
  private val facts = SparkExecutor.driverFacts(sc)
  private val transport = SparkRpc.ofThisApplication()
  private val rendezvous =
    new Rendezvous(
      transport,
      Rendezvous.mailboxName(initial.id),
      m => loop.post(ClusterRun.eventOf(m)),
      leaving
    )
  val staging = new ClusterStaging(
    () => loop.state,
    rendezvous,
    transport,
    () => SparkDriver.hosts(sc),
    SparkDriver.isAlive(sc, _)
  )
  private val job = new RayClusterJob(
    sc,
    initial.id,
    spec(Keys.scheduling),
    (holding, error) => loop.post(ClusterEvent.JobEnded(holding, error))
  )
  private val listener = new RayClusterListener(loop.post, () => nodesGone.await())
  private val pods: Option[PodWatch] =
    Option.when(KubernetesDriver.isMaster(sc.master) && !initial.dynamic && missingExecutors > 0)(
      new PodWatch(
        KubernetesDriver.pods(sc),
        () => missingExecutors,
        initial.workers,
        why => loop.post(ClusterEvent.ExecutorsKept(why))
      )
    )
  private val probes = Executors.newFixedThreadPool(
    ClusterRun.probeThreads,
    Daemon.factory(s"rayonspark-${initial.id}-probe")
  )

  private val decommissions = new DecommissionWatch(
    initial.id,
    () => NodeDrain.drainable(loop.state),
    SparkDriver.isDecommissioned(sc, _),
    loop.post
  )

  // Before Spark ends executors: each would have its node drain, one after the other.
  private val end = SparkShutdown.before { () =>
    loop.post(ClusterEvent.StopAsked)
    released.await(ClusterRun.endLimit.toSeconds, TimeUnit.SECONDS)
    ()
  }

  /** Blocks until nothing of the cluster is left in this JVM, or anywhere else. */
  def awaitReleased(): Unit = released.await()

  def clientEnvironment: Map[String, String] =
    initial.charters.environment.filter { case (name, _) => name.startsWith("RAY_AUTH_") }

  private def begin(): Unit = {
    if (spec(Keys.auth) == Auth.Disabled)
      logWarning(
        s"Ray cluster ${initial.id} has authentication disabled: whoever reaches one of its ports " +
          "runs code as this user. Leave auth out to have it ask for a token."
      )
    SparkDriver.addListener(sc, listener, s"rayonspark-${initial.id}")
    SparkDriver.executors(sc).foreach(e => loop.post(ClusterEvent.ExecutorAdded(e.id, e.cores)))
    new NodeKeeper(
      Rendezvous.mailboxName(initial.id),
      facts,
      transport,
      GuardedProcess,
      RouteServer,
      JvmEnd.ofDriver,
      () => ()
    )
    loop.postAfter(spec(Keys.startTimeout), ClusterEvent.StartTimedOut)
    loop.post(ClusterEvent.Started)
  }

  /** Answered from the state as it is: what follows from the news comes after it, as an order. */
  private def leaving(news: Leaving): Stay = {
    val stay = Stay(NodeDrain.limit(loop.state, news.executorId))
    news.use.foreach(use => loop.post(ClusterEvent.ContainerEnding(news.executorId, use)))
    loop.post(ClusterEvent.ExecutorLeaving(news.executorId, "its JVM was told to end"))
    stay
  }

  private def perform(action: ClusterAction): Unit = {
    if (loop.state.ending) staging.end()
    act(action)
  }

  private def act(action: ClusterAction): Unit = action match {
    case ClusterAction.Place(nodes) => job.place(nodes, loop.state.executors.values.min, gpus)
    case ClusterAction.Gather(nodes) => job.gather(nodes * slotsPerExecutor)
    case ClusterAction.Visit(ids) =>
      job.visit(SparkDriver.executors(sc).filter(e => ids.contains(e.id)), gpus)
    case ClusterAction.Reserve(id, slots) =>
      SparkDriver.executors(sc).find(_.id == id).foreach(job.reserve(_, slots))
    case ClusterAction.Tell(id, message) => rendezvous.tell(id, message)
    case ClusterAction.Probe(id, incarnation, host, port) =>
      probes.execute { () =>
        val error = Reachability.check(facts.host, s"$host:$port")
        loop.post(ClusterEvent.Probed(id, incarnation, error))
      }
    case ClusterAction.After(delay, event) => loop.postAfter(delay, event)
    case ClusterAction.DismissClients =>
      clients.whenLeft(() => loop.post(ClusterEvent.ClientsDismissed))
      loop.postAfter(ClusterRun.clientTimeout, ClusterEvent.ClientsDismissed)
    case ClusterAction.CancelJobs => job.cancel()
    case ClusterAction.Close => release()
    case ClusterAction.Info(text) => logInfo(s"Ray cluster ${initial.id}: $text")
    case ClusterAction.Warn(text) => logWarning(s"Ray cluster ${initial.id}: $text")
  }

  /** Executors that are awaited before the first nodes are placed. */
  private def missingExecutors: Int =
    if (loop.state.placed) 0 else loop.state.workers - SparkDriver.executors(sc).size

  private def slotsPerExecutor: Int =
    loop.state.executors.values.minOption
      .orElse(SlotCheck.expected(sc.master, sc.getConf.getOption).cores)
      .getOrElse(1)

  private def release(): Unit = {
    rendezvous.close()
    probes.shutdownNow()
    pods.foreach(_.close())
    decommissions.close()
    end.close()
    // Before the listener goes: its queue's thread may wait for this, and removing it joins that thread.
    nodesGone.countDown()
    SparkDriver.removeListener(sc, listener)
    released.countDown()
  }
}

private[rayonspark] object ClusterRun {
  private val random = new SecureRandom
  private val probeThreads = 4
  private val tokenBytes = 32
  private val idBytes = 3

  /** How long connected clients may take to leave when the cluster stops. */
  private val clientTimeout = 2.seconds

  /** For the end of the driver's JVM: Spark has to end too, and 30 s for all of it. */
  private val endLimit = 15.seconds

  /** What a keeper's message means to the supervisor. */
  def eventOf(message: KeeperMessage): ClusterEvent = message match {
    case KeeperMessage.Enlist(id, host) => ClusterEvent.Enlisted(id, host)
    case KeeperMessage.Offered(id, incarnation, offer) =>
      ClusterEvent.Offered(id, incarnation, offer)
    case KeeperMessage.CannotOffer(id, incarnation, why) =>
      ClusterEvent.CannotOffer(id, incarnation, why)
    case KeeperMessage.Closed(id) => ClusterEvent.KeeperClosed(id)
    case KeeperMessage.NodeReport(id, incarnation, event) =>
      event match {
        case NodeEvent.Hello(pid, _, _) => ClusterEvent.NodeStarted(id, incarnation, pid)
        case NodeEvent.NodeSeen(name, rayId, alive) => ClusterEvent.NodeSeen(name, rayId, alive)
        case NodeEvent.OutOfMemory(limit) => ClusterEvent.OutOfMemory(id, incarnation, limit)
        case NodeEvent.Exited(exit) => ClusterEvent.NodeExited(id, incarnation, exit)
      }
  }

  def begin(sc: SparkContext, asked: RayClusterSpec, headPython: Option[String]): ClusterRun = {
    if (sc.isStopped)
      throw new ClusterStoppedException(
        "The SparkContext is stopped. Create a new SparkSession, and start the Ray cluster with it."
      )
    val spec = asked.over(sc.getConf.getAll.toMap)
    val localCores = SparkDriver.localCores(sc)
    val pythons = Interpreters.of(spec(Keys.python), headPython, sc.getConf.getOption, sys.env.get)
    val charters = CharterTemplate(
      driverCores = localCores.getOrElse(0),
      headPython = pythons.head,
      python = pythons.executors,
      environment = spec(Keys.env) ++ authEnvironment(spec),
      ports = spec.portPolicy,
      tempDirectory = spec(Keys.tempDir),
      logDirectory = spec(Keys.logDir)
    )
    val workers = if (localCores.isDefined) Some(0) else workersOf(sc, spec)
    val dynamic =
      localCores.isEmpty && sc.getConf.getBoolean("spark.dynamicAllocation.enabled", false)
    val state = ClusterState(
      hex(idBytes),
      spec,
      workers.getOrElse(1),
      dynamic,
      charters,
      counting = workers.isEmpty
    )
    val run = new ClusterRun(sc, state, gpusOf(sc, spec))
    run.begin()
    run
  }

  /** None when it is to be seen from the executors that register. */
  private def workersOf(sc: SparkContext, spec: RayClusterSpec): Option[Int] = {
    val expected = SlotCheck.expected(sc.master, sc.getConf.getOption)
    val registered = SparkDriver.executors(sc).size
    val all = SparkDriver.sinceLastExecutor(sc).filter(_ > Registration.settled)
    SlotCheck.workers(spec, expected, registered).orElse(all.map(_ => registered))
  }

  private def gpusOf(sc: SparkContext, spec: RayClusterSpec): Int =
    if (spec(Keys.gpusPerNode).contains(0.0)) 0
    else sc.getConf.getInt("spark.executor.resource.gpu.amount", 0)

  private def authEnvironment(spec: RayClusterSpec): Map[String, String] = spec(Keys.auth) match {
    case Auth.Token => Map("RAY_AUTH_MODE" -> "token", "RAY_AUTH_TOKEN" -> hex(tokenBytes))
    case Auth.Disabled => Map("RAY_AUTH_MODE" -> "disabled")
  }

  private def hex(bytes: Int): String = {
    val drawn = new Array[Byte](bytes)
    random.nextBytes(drawn)
    HexFormat.of().formatHex(drawn)
  }
}
