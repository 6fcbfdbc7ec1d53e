package org.rayonspark

import org.apache.spark.rayonspark.{RpcOfAnotherJvm, SparkRpc}
import org.apache.spark.sql.SparkSession
import org.apache.spark.util.SizeEstimator
import org.rayonspark.conf.PortPolicy
import org.rayonspark.node._
import org.rayonspark.plan.{MemoryOffer, Planner, ResourceOffer}
import org.rayonspark.rpc.{DriverEndpoint, ShutdownDelay, Transport}
import org.rayonspark.remote.StagingServer
import org.rayonspark.supervision._

import java.lang.management.ManagementFactory
import java.nio.file.{Path, Paths}
import java.util.concurrent.{CompletableFuture, ConcurrentHashMap, CountDownLatch, Executors}
import scala.concurrent.duration._

/**
 * Benchmark: measures what a cluster of 10, 100 and 1,000 nodes costs the driver, without Spark's
 * tasks and Ray's processes. It uses real agents with made-up executor ids, the real RPC endpoint
 * over a real connection, the real supervisor, and node processes that do nothing.
 * `make bench-control-plane` prints a table of the medians of three rounds.
 *
 * {{{
 *   this JVM's driver RPC ◄──one TCP connection──► a second RPC with n agents
 *   rpc, loop, supervisor                   held ports, directories, no-op processes
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
        f"${"agents"}%8s${"phase"}%10s${"driver CPU ms"}%15s${"ms an agent"}%13s${"wall ms"}%9s"
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
        println(f"$size%8d${"state"}%10s $kib%.0f KiB in the driver, ${kib / size}%.1f an agent")
      }
    } finally {
      another.close()
      spark.stop()
    }
  }

  private def median(values: Vector[Double]): Double = values.sorted.apply(values.size / 2)

  private final case class Cost(cpuMs: Double, wallMs: Double)
  private final case class Measured(phases: Vector[(String, Cost)], stateBytes: Long)

  private def run(size: Int, agents: Transport, driverThreads: Set[Long]): Measured = {
    val cluster = new Cluster(size, agents)
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
      cluster.loop.post(ClusterEvent.StopRequested)
      cluster.awaitClosed()
    }
    require(cluster.loop.state.failure.isEmpty, cluster.loop.state.failure)
    Measured(Vector(offer, plan, report, stop), bytes)
  }

  /** Wired like `ClusterRuntime`, but creates agents directly instead of by Spark jobs. */
  private final class Cluster(size: Int, agents: Transport) {
    private val id = f"cp$size%d"
    private val name = DriverEndpoint.endpointName(id)
    private val starters = Executors.newFixedThreadPool(4)
    val processes = new NoProcesses
    private val launchTemplate = LaunchTemplate(
      driverCores = 0,
      headPython = "python3",
      python = "python3",
      environment = Map("RAY_AUTH_MODE" -> "token", "RAY_AUTH_TOKEN" -> "0" * 64),
      inherit = Vector("*"),
      ports = PortPolicy.free,
      tempDirectory = "/tmp",
      logDirectory = None
    )
    private val spec = RayClusterSpec.builder().objectStoreMemory("75m").build()
    val loop =
      new ClusterEventLoop(ClusterState(id, spec, size, dynamic = false, launchTemplate), perform)
    private val transport = SparkRpc.ofThisApplication()
    private val rpc =
      new DriverEndpoint(
        transport,
        name,
        m => loop.post(ClusterEvent.of(m)),
        _ => ShutdownDelay(Duration.Zero)
      )
    private val probes = Executors.newFixedThreadPool(4)

    /** Whether the thread is the loop, or reads the driver's end of the connection. */
    def isDriver(thread: Long): Boolean = Option(threads.getThreadInfo(thread)).exists { info =>
      info.getThreadName == s"rayonspark-$id" || info.getThreadName.startsWith("rpc-server")
    }

    /** Measures planning alone. It is also part of "offer", because the last offer triggers it. */
    def planAgain(): Unit = {
      val memory = HostResources.memory(container = None)
      val offers =
        (0 to size).map(i => offer(loop.state.nodes(if (i == 0) "driver" else s"$i"), memory))
      require(Planner(spec, id, local = false).plan(offers.head, offers.tail.toVector).isRight)
    }

    private def offer(node: ClusterNode, memory: MemoryOffer): ResourceOffer = {
      val plan = node.plan.get
      ResourceOffer(
        executorId = node.executorId,
        host = node.host,
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
        dashboard = true,
        unreachable = None
      )
    }

    private val closed = new CountDownLatch(1)

    /** CPU time of the loop's thread at its end, because a dead thread reports none. */
    @volatile var lastCpu: Option[(Long, Long)] = None

    def awaitClosed(): Unit = closed.await()

    def begin(): Unit = {
      new NodeAgent(
        name,
        facts(0),
        transport,
        processes,
        StagingServer,
        ShutdownHooks.ofDriver,
        () => ()
      )
      (1 to size).foreach(i => loop.post(ClusterEvent.ExecutorAdded(i.toString, 1)))
      loop.post(ClusterEvent.Started)
    }

    def await(condition: ClusterState => Boolean): Unit =
      require(
        loop.await(limit)(s => condition(s) || s.phase.isFinal),
        s"$size agents: ${loop.state.progress}"
      )

    /** A separate address for each node, because nodes on one host would share its memory. */
    private def facts(index: Int): ExecutorInfo = ExecutorInfo(
      executorId = if (index == 0) "driver" else index.toString,
      host = s"127.${index / 60000 + 1}.${index / 250}.${index % 250 + 1}",
      gpuAddresses = Vector.empty,
      localDirs = Vector("/tmp"),
      containerMemory = None,
      logDirectory = None,
      sharedLogs = false,
      environment = Map.empty,
      pythonPath = Vector("/a/python/path.zip"),
      fetchedFiles = "/no/fetched/files"
    )

    private def perform(action: ClusterAction): Unit = action match {
      case ClusterAction.PlaceNodes(ids) =>
        ids
          .map(_.toInt)
          .foreach(i =>
            starters.execute { () =>
              new NodeAgent(
                name,
                facts(i),
                agents,
                processes,
                StagingServer,
                ShutdownHooks.ofDriver,
                () => ()
              )
              ()
            }
          )
      case ClusterAction.Tell(executorId, message) => rpc.tell(executorId, message)
      case ClusterAction.Probe(executorId, incarnation, host, port) =>
        probes.execute { () =>
          val error = Reachability.check("127.0.0.1", s"$host:$port")
          loop.post(ClusterEvent.Probed(executorId, incarnation, error))
        }
      case ClusterAction.After(delay, event) => loop.postAfter(delay, event)
      case ClusterAction.DisconnectClients => loop.post(ClusterEvent.ClientsDisconnected)
      case ClusterAction.Close =>
        rpc.close()
        probes.shutdownNow()
        starters.shutdownNow()
        lastCpu = Some((Thread.currentThread.getId, threads.getCurrentThreadCpuTime))
        closed.countDown()
      case _ => ()
    }
  }

  /** Nodes that are alive as soon as they are launched; the head reports all, as GCS would. */
  private final class NoProcesses extends NodeProcessFactory {
    private val head = new CompletableFuture[NodeEvent => Unit]
    private val open = new CountDownLatch(1)
    private val seen = ConcurrentHashMap.newKeySet[String]()
    private val gcs = Executors.newSingleThreadExecutor { work =>
      val thread = new Thread(work, "no-gcs")
      thread.setDaemon(true)
      thread
    }

    /** Lets GCS list nodes from now on. */
    def launchable(): Unit = open.countDown()

    override def start(
        python: String,
        directory: Path,
        environment: Map[String, String],
        onEvent: NodeEvent => Unit
    ): NodeProcess = {
      onEvent(
        NodeEvent.Hello(ProcessHandle.current.pid, "3.11.7", Some("2.60.0"), dashboard = true)
      )
      new FakeProcess(directory, onEvent) {
        override def launch(launch: NodeLaunch): Unit = {
          if (launch.watchGcs.isDefined) head.complete(onEvent)
          val name = launch.command.arguments.find(_.startsWith("--node-name=")).get.drop(12)
          launch.remove.foreach(d => NodeDirs.delete(Paths.get(d)))
          gcs.execute { () =>
            open.await()
            if (seen.add(name)) head.get.apply(NodeEvent.NodeSeen(name, s"ray-$name", alive = true))
          }
        }
      }
    }
  }
}
