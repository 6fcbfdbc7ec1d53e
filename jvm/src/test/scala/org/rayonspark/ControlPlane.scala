package org.rayonspark

import org.apache.spark.rayonspark.{RpcOfAnotherJvm, SparkRpc}
import org.apache.spark.sql.SparkSession
import org.apache.spark.util.SizeEstimator
import org.rayonspark.conf.PortPolicy
import org.rayonspark.node._
import org.rayonspark.plan.{MemoryOffer, Offer, Planner}
import org.rayonspark.rendezvous.{Rendezvous, Stay, Transport}
import org.rayonspark.route.RouteServer
import org.rayonspark.watch._

import java.lang.management.ManagementFactory
import java.nio.file.{Path, Paths}
import java.util.concurrent.{CompletableFuture, ConcurrentHashMap, CountDownLatch, Executors}
import scala.concurrent.duration._

/**
 * What a cluster of 10, 100 and 1,000 nodes costs the driver, without Spark's tasks and Ray's
 * processes: real keepers with given executor ids, the real RPC endpoint over a real connection,
 * the real supervisor, and a process that does nothing. `make bench-control-plane` prints a table
 * of medians of three rounds.
 *
 * {{{
 *   this JVM's driver RPC ◄──one TCP connection──► a second RPC with n keepers
 *   rendezvous, loop, supervisor                   held ports, directories, no-op processes
 * }}}
 */
object ControlPlane {
  private val sizes = Vector(10, 100, 1000)
  private val rounds = 3
  private val limit = 5.minutes
  private val threads = ManagementFactory.getThreadMXBean

  def main(args: Array[String]): Unit = {
    val spark = SparkSession
      .builder()
      .master("local[1]")
      .config("spark.ui.enabled", "false")
      .config("spark.driver.host", "127.0.0.1")
      .getOrCreate()
    val driverThreads = threads.getAllThreadIds.toSet
    val another = new RpcOfAnotherJvm(spark.sparkContext)
    try {
      println(
        f"${"keepers"}%8s${"phase"}%10s${"driver CPU ms"}%15s${"ms a keeper"}%13s${"wall ms"}%9s"
      )
      sizes.foreach { size =>
        val measured = Vector.fill(rounds)(run(size, another.transport, driverThreads))
        measured.head.phases.indices.foreach { i =>
          val costs = measured.map(_.phases(i)._2)
          val (cpu, wall) = (median(costs.map(_.cpuMs)), median(costs.map(_.wallMs)))
          val phase = measured.head.phases(i)._1
          println(f"$size%8d$phase%10s$cpu%15.1f${cpu / size}%13.3f$wall%9.0f")
        }
        val kib = measured.last.stateBytes / 1024.0
        println(f"$size%8d${"state"}%10s $kib%.0f KiB in the driver, ${kib / size}%.1f a keeper")
      }
    } finally {
      another.close()
      spark.stop()
    }
  }

  private def median(values: Vector[Double]): Double = values.sorted.apply(values.size / 2)

  private final case class Cost(cpuMs: Double, wallMs: Double)
  private final case class Measured(phases: Vector[(String, Cost)], stateBytes: Long)

  private def run(size: Int, keepers: Transport, driverThreads: Set[Long]): Measured = {
    val cluster = new Cluster(size, keepers)
    val known = scala.collection.mutable.Map.empty[Long, Long]
    def cpuNanos: Long = {
      threads.getAllThreadIds
        .filter(id => driverThreads(id) || cluster.isDriver(id))
        .foreach(id => known(id) = threads.getThreadCpuTime(id).max(known.getOrElse(id, 0L)))
      known ++= cluster.lastCpu
      known.values.sum
    }
    def phase(name: String)(work: => Unit): (String, Cost) = {
      val (cpu, wall) = (cpuNanos, System.nanoTime)
      work
      (name, Cost((cpuNanos - cpu) / 1e6, (System.nanoTime - wall) / 1e6))
    }
    val offer = phase("offer") {
      cluster.begin()
      cluster.await(_.head.exists(_.plan.isDefined))
    }
    val report = phase("report") {
      cluster.processes.launchable()
      cluster.await(_.phase == RayClusterState.RUNNING)
    }
    val bytes = SizeEstimator.estimate(cluster.loop.state)
    val plan = phase("plan")(cluster.planAgain())
    val stop = phase("stop") {
      cluster.loop.post(ClusterEvent.StopAsked)
      cluster.awaitClosed()
    }
    require(cluster.loop.state.failure.isEmpty, cluster.loop.state.failure)
    Measured(Vector(offer, plan, report, stop), bytes)
  }

  /** As `ClusterRun` wires it, with keepers instead of jobs that bring them. */
  private final class Cluster(size: Int, keepers: Transport) {
    private val id = f"cp$size%d"
    private val name = Rendezvous.mailboxName(id)
    private val starters = Executors.newFixedThreadPool(4)
    val processes = new NoProcesses
    private val charters = CharterTemplate(
      driverCores = 0,
      headPython = "python3",
      python = "python3",
      environment = Map("RAY_AUTH_MODE" -> "token", "RAY_AUTH_TOKEN" -> "0" * 64),
      ports = PortPolicy.free,
      tempDirectory = "/tmp",
      logDirectory = None
    )
    private val spec = RayClusterSpec.builder().objectStoreMemory("75m").build()
    val loop =
      new ClusterLoop(ClusterState(id, spec, size, dynamic = false, charters), perform)
    private val transport = SparkRpc.ofThisApplication()
    private val rendezvous =
      new Rendezvous(
        transport,
        name,
        m => loop.post(ClusterRun.eventOf(m)),
        _ => Stay(Duration.Zero)
      )
    private val probes = Executors.newFixedThreadPool(4)

    /** The loop, and what reads the driver's end of the connection. */
    def isDriver(thread: Long): Boolean = Option(threads.getThreadInfo(thread)).exists { info =>
      info.getThreadName == s"rayonspark-$id" || info.getThreadName.startsWith("rpc-server")
    }

    /** The plan is a part of "offer", made when the last offer is there; this is its own cost. */
    def planAgain(): Unit = {
      val memory = HostResources.memory(container = None)
      val offers =
        (0 to size).map(i => offer(loop.state.members(if (i == 0) "driver" else s"$i"), memory))
      require(Planner(spec, id, local = false).plan(offers.head, offers.tail.toVector).isRight)
    }

    private def offer(member: Member, memory: MemoryOffer): Offer = {
      val plan = member.plan.get
      Offer(
        executorId = member.executorId,
        host = member.host,
        cores = 1,
        gpuAddresses = Vector.empty,
        memory = memory,
        sharedMemory = None,
        ports = plan.ports,
        directory = plan.directory,
        localDirs = Vector("/tmp"),
        logDirectory = plan.logDirectory,
        sharedLogs = false,
        pythonPath = plan.pythonPath,
        python = "3.11.7",
        ray = Some("2.60.0"),
        unreachable = None
      )
    }

    private val closed = new CountDownLatch(1)

    /** CPU time of the loop's thread at its end: nobody can ask a dead thread. */
    @volatile var lastCpu: Option[(Long, Long)] = None

    def awaitClosed(): Unit = closed.await()

    def begin(): Unit = {
      new NodeKeeper(
        name,
        facts(0),
        transport,
        processes,
        RouteServer,
        JvmEnd.ofDriver,
        () => ()
      )
      (1 to size).foreach(i => loop.post(ClusterEvent.ExecutorAdded(i.toString, 1)))
      loop.post(ClusterEvent.Started)
    }

    def await(condition: ClusterState => Boolean): Unit =
      require(
        loop.await(limit)(s => condition(s) || s.phase.isFinal),
        s"$size keepers: ${loop.state.progress}"
      )

    /** An address of its own for each: nodes on one host would share its memory. */
    private def facts(index: Int): ExecutorFacts = ExecutorFacts(
      executorId = if (index == 0) "driver" else index.toString,
      host = s"127.${index / 60000 + 1}.${index / 250}.${index % 250 + 1}",
      gpuAddresses = Vector.empty,
      localDirs = Vector("/tmp"),
      containerMemory = None,
      logDirectory = None,
      sharedLogs = false,
      environment = Map.empty,
      pythonPath = Vector("/a/python/path.zip")
    )

    private def perform(action: ClusterAction): Unit = action match {
      case ClusterAction.Place(nodes) =>
        (1 to nodes).foreach(i =>
          starters.execute { () =>
            new NodeKeeper(
              name,
              facts(i),
              keepers,
              processes,
              RouteServer,
              JvmEnd.ofDriver,
              () => ()
            )
            ()
          }
        )
      case ClusterAction.Tell(executorId, message) => rendezvous.tell(executorId, message)
      case ClusterAction.Probe(executorId, incarnation, host, port) =>
        probes.execute { () =>
          val error = Reachability.check("127.0.0.1", s"$host:$port")
          loop.post(ClusterEvent.Probed(executorId, incarnation, error))
        }
      case ClusterAction.After(delay, event) => loop.postAfter(delay, event)
      case ClusterAction.DismissClients => loop.post(ClusterEvent.ClientsDismissed)
      case ClusterAction.Close =>
        rendezvous.close()
        probes.shutdownNow()
        starters.shutdownNow()
        lastCpu = Some((Thread.currentThread.getId, threads.getCurrentThreadCpuTime))
        closed.countDown()
      case _ => ()
    }
  }

  /** Nodes that are alive once they are launched; the head tells of all, as GCS would. */
  private final class NoProcesses extends NodeProcessFactory {
    private val head = new CompletableFuture[NodeEvent => Unit]
    private val open = new CountDownLatch(1)
    private val seen = ConcurrentHashMap.newKeySet[String]()
    private val gcs = Executors.newSingleThreadExecutor { work =>
      val thread = new Thread(work, "no-gcs")
      thread.setDaemon(true)
      thread
    }

    /** From here on GCS lists nodes. */
    def launchable(): Unit = open.countDown()

    override def start(
        python: String,
        directory: Path,
        environment: Map[String, String],
        onEvent: NodeEvent => Unit
    ): NodeProcess = {
      onEvent(NodeEvent.Hello(ProcessHandle.current.pid, "3.11.7", Some("2.60.0")))
      new NodeProcess {
        override def launch(launch: NodeLaunch): Unit = {
          if (launch.watchGcs.isDefined) head.complete(onEvent)
          val name = launch.command.arguments.find(_.startsWith("--node-name=")).get.drop(12)
          launch.remove.foreach(d => NodeDirs.delete(Paths.get(d)))
          gcs.execute { () =>
            open.await()
            if (seen.add(name)) head.get.apply(NodeEvent.NodeSeen(name, s"ray-$name", alive = true))
          }
        }

        override def drain(limit: FiniteDuration): Unit = stop(limit)

        override def stop(grace: FiniteDuration): Unit = {
          NodeDirs.delete(directory)
          onEvent(NodeEvent.Exited(NodeExit(0, asked = true, Vector.empty)))
        }
      }
    }
  }
}
