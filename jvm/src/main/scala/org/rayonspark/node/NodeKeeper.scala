package org.rayonspark.node

import org.rayonspark.conf.RayPort
import org.rayonspark.plan.{NodePlan, NodeRole, Offer, RayCommand}
import org.rayonspark.rendezvous.{
  Charter,
  DriverMessage,
  KeeperAnswer,
  KeeperMessage,
  KeeperQuestion,
  Transport,
  Wire
}

import java.io.File
import java.nio.file.{Path, Paths}
import java.util.concurrent.{CountDownLatch, TimeUnit}
import scala.concurrent.duration._

/**
 * The owner of the Ray node that runs beside one executor (or beside the driver), for as long as
 * the cluster lives: it outlives the Spark task that brought it.
 *
 * {{{
 *   driver ──Prepare──► keeper ──start──► process      (ports held, directory made)
 *          ◄──Offered──        ◄──Hello──
 *          ──Launch───►        ──launch─►              (ports let go)
 *          ◄──NodeReport───────◄──events─
 *          ──Discard, OpenRoute?──►                    (of the staging beside the node)
 *          ──Drain────►        ──drain─►  ──Exited──► Closed
 *          ──Stop─────►        ──stop──►  ──Exited──► Closed
 * }}}
 *
 * All of it happens on the keeper's own thread, so nothing here is guarded.
 *
 * @param end
 *   the end of this JVM, which the keeper has the node drained before
 */
final class NodeKeeper(
    mailboxName: String,
    facts: ExecutorFacts,
    transport: Transport,
    processes: NodeProcessFactory,
    routes: NodeRouteFactory,
    end: JvmEnd,
    onClosed: () => Unit
) {
  private val thread = KeeperThread(s"rayonspark-keeper-$mailboxName-${facts.executorId}")
  private val driver = transport.driver(mailboxName)
  private val mailbox = transport.open(
    s"$mailboxName-keeper-${facts.executorId}",
    (bytes, _) => thread.post(received(Wire.decode[DriverMessage](bytes))),
    (bytes, reply) => thread.post(reply(Wire.encode(answer(Wire.decode[KeeperQuestion](bytes)))))
  )
  private val ready = new CountDownLatch(1)
  private val closed = new CountDownLatch(1)

  // Read by the JVM's end as well.
  @volatile private var life: Option[Life] = None
  private var stopping = false

  private val departure = new Departure(transport, driver, facts.executorId, () => use, awaitClosed)
  private val leave = end.before(() => departure.await())

  tell(KeeperMessage.Enlist(facts.executorId, facts.host))

  /**
   * Waits until GCS lists the node as alive, or the keeper has closed; false if neither came true.
   */
  def awaitReady(limit: FiniteDuration): Boolean =
    ready.await(limit.toMillis, TimeUnit.MILLISECONDS)

  /** Waits until the keeper has closed and nothing of its node is left. */
  def awaitClosed(limit: FiniteDuration): Boolean =
    closed.await(limit.toMillis, TimeUnit.MILLISECONDS)

  private def received(message: DriverMessage): Unit = message match {
    case _ if closed.getCount == 0 => ()
    case DriverMessage.Prepare(charter) => if (!stopping) prepare(charter)
    case DriverMessage.Launch(incarnation, plan, nodes) =>
      life
        .filter(l => l.charter.incarnation == incarnation && !stopping)
        .foreach(launch(_, plan, nodes))
    case DriverMessage.Ready =>
      ready.countDown()
      // The first look takes 50 ms, for its classes; YARN may give 250 between SIGTERM and SIGKILL.
      val _ = use
    case DriverMessage.Drain(limit) =>
      stopping = true
      departure.drains(limit)
      life.fold(close())(_.process.drain(limit))
    case DriverMessage.Stop(grace) =>
      stopping = true
      life.fold(close())(_.process.stop(grace))
  }

  private def answer(question: KeeperQuestion): KeeperAnswer = question match {
    case KeeperQuestion.Discard(paths) =>
      // What lay beside a node that is gone went with it.
      life.flatMap(_.staging).foreach(_.delete(paths))
      KeeperAnswer.Done
    case KeeperQuestion.OpenRoute =>
      val route = for {
        current <- life.toRight(noNode)
        staging <- current.staging.toRight(noNode)
        route <- current.route
          .map(Right(_))
          .getOrElse(routes.open(facts.host, current.charter.ports, staging))
      } yield {
        current.route = Some(route)
        KeeperAnswer.Route(route.address)
      }
      route.fold(KeeperAnswer.Refused(_), identity)
  }

  private def noNode: String = s"The Ray node on executor ${facts.executorId} is gone."

  private def prepare(charter: Charter): Unit = {
    val prepared = for {
      directory <- NodeDirs.create(charter.tempDirectory)
      ports <- PortAllocator.hold(facts.host, portsOf(charter.role), charter.ports).left.map { e =>
        NodeDirs.delete(directory)
        e
      }
    } yield (directory, ports)
    prepared match {
      case Left(why) => tell(KeeperMessage.CannotOffer(facts.executorId, charter.incarnation, why))
      case Right((directory, ports)) =>
        val process = processes.start(
          interpreter(charter.python),
          directory,
          environment(charter),
          event => thread.post(happened(charter.incarnation, event))
        )
        life = Some(new Life(charter, directory, ports, process))
    }
  }

  /** As Spark finds that of its workers: on the path, or below the directory of this JVM. */
  private def interpreter(named: String): String =
    if (named.contains('/')) Paths.get(named).toAbsolutePath.toString else named

  /** The path is needed from the start: the child imports Ray before it has a plan. */
  private def environment(charter: Charter): Map[String, String] = {
    val path = charter.environment.get("PYTHONPATH").toVector ++ facts.pythonPath
    NodeEnvironment(
      sys.env ++ facts.environment,
      charter.environment + ("PYTHONPATH" -> path.mkString(File.pathSeparator))
    )
  }

  private def portsOf(role: NodeRole): Vector[RayPort] =
    RayPort.all.filter(role == NodeRole.Head || !_.headOnly)

  private def happened(incarnation: Int, event: NodeEvent): Unit =
    life.filter(_.charter.incarnation == incarnation).foreach { current =>
      event match {
        case hello: NodeEvent.Hello => offer(current, hello)
        case _: NodeEvent.Exited =>
          current.ports.release()
          current.memory.foreach(_.look())
          current.memory.foreach(_.close())
          current.route.foreach(_.close())
          life = None
          report(incarnation, event)
          if (stopping) close()
        case _: NodeEvent.NodeSeen | _: NodeEvent.OutOfMemory => report(incarnation, event)
      }
    }

  private def offer(current: Life, hello: NodeEvent.Hello): Unit = {
    val charter = current.charter
    val offer = Offer(
      executorId = facts.executorId,
      host = facts.host,
      cores = charter.cores,
      gpuAddresses = facts.gpuAddresses,
      memory = HostResources.memory(facts.containerMemory),
      sharedMemory = HostResources.sharedMemory(),
      ports = current.ports.numbers,
      directory = current.directory.toString,
      localDirs = facts.localDirs,
      logDirectory = LogDirectory(charter, facts),
      sharedLogs = facts.sharedLogs,
      pythonPath = facts.pythonPath,
      python = hello.python,
      ray = hello.ray,
      unreachable = charter.head.flatMap(Reachability.check(facts.host, _))
    )
    report(charter.incarnation, hello)
    tell(KeeperMessage.Offered(facts.executorId, charter.incarnation, offer))
  }

  private def launch(current: Life, plan: NodePlan, nodes: Int): Unit =
    companions(plan) match {
      case Left(why) =>
        tell(KeeperMessage.CannotOffer(facts.executorId, current.charter.incarnation, why))
      case Right(directories) => launchNow(current, plan, nodes, directories)
    }

  /** The directories beside the node's own that the guard removes with it. */
  private def companions(plan: NodePlan): Either[String, Vector[Path]] = {
    val spill = plan.spillDirectory.map(NodeDirs.createPrivate(_, "spill_dir"))
    val staging = NodeDirs.createPrivate(plan.stagingDirectory, "temp_dir")
    (spill.toVector :+ staging).partitionMap(identity) match {
      case (Vector(), made) => Right(made)
      case (whys, made) =>
        made.foreach(NodeDirs.delete)
        Left(whys.head)
    }
  }

  private def launchNow(
      current: Life,
      plan: NodePlan,
      nodes: Int,
      companions: Vector[Path]
  ): Unit = {
    current.staging = Some(new StagingDirectory(Paths.get(plan.stagingDirectory)))
    current.ports.release()
    val incarnation = current.charter.incarnation
    current.memory = CgroupMemory.own().map { group =>
      val name = s"rayonspark-memory-$mailboxName-${facts.executorId}"
      new MemoryWatch(name, group, limit => report(incarnation, NodeEvent.OutOfMemory(limit)))
    }
    current.process.launch(
      NodeLaunch(
        command = RayCommand.of(plan),
        nodes = nodes,
        watchGcs = if (plan.role == NodeRole.Head) Some(plan.gcsAddress) else None,
        logDirectory = plan.logDirectory,
        logPrefix = plan.logPrefix,
        remove = companions.map(_.toString)
      )
    )
  }

  /** Only YARN ends a container for what its processes hold: who asks why has no other witness. */
  private def use: Option[ContainerUse] =
    for {
      limit <- facts.containerMemory
      current <- life
    } yield ContainerUse.of(current.directory, limit)

  private def report(incarnation: Int, event: NodeEvent): Unit =
    tell(KeeperMessage.NodeReport(facts.executorId, incarnation, event))

  private def tell(message: KeeperMessage): Unit = mailbox.send(driver, Wire.encode(message))

  private def close(): Unit = {
    tell(KeeperMessage.Closed(facts.executorId))
    mailbox.close()
    leave.close()
    onClosed()
    ready.countDown()
    closed.countDown()
    thread.close()
  }

  /** One incarnation of the node. */
  private final class Life(
      val charter: Charter,
      val directory: Path,
      val ports: HeldPorts,
      val process: NodeProcess
  ) {
    var staging: Option[StagingDirectory] = None
    var memory: Option[MemoryWatch] = None
    // Opened when another host needs it.
    var route: Option[NodeRoute] = None
  }
}
