package org.rayonspark.node

import org.apache.spark.internal.Logging
import org.rayonspark.conf.RayPort
import org.rayonspark.plan.{NodePlan, NodeRole, RayCommand, ResourceOffer}
import org.rayonspark.rpc.{LaunchContext, StagingAddress}
import org.rayonspark.threads.Steps

import java.io.File
import java.nio.file.{Files, Path, Paths}
import scala.concurrent.duration.FiniteDuration

/**
 * One incarnation of a Ray node: its process, and the resources that this JVM holds for it. Only
 * the agent's thread calls its methods; other threads may read the values.
 */
private[node] final class NodeIncarnation private (
    val context: LaunchContext,
    val directory: Path,
    val process: NodeProcess,
    ports: HeldPorts,
    executor: ExecutorInfo
) {
  private var staging: Option[StagingDirectory] = None
  private var oomMonitor: Option[OomMonitor] = None
  private var addedPyFiles: Option[AddedPyFiles] = None
  // Opened when another host first needs it.
  private var server: Option[StagingAccess] = None

  def offer(hello: NodeEvent.Hello): ResourceOffer = ResourceOffer(
    executorId = executor.executorId,
    host = executor.host,
    cores = context.cores,
    gpuAddresses = executor.gpuAddresses,
    memory = HostResources.memory(executor.containerMemory),
    sharedMemory = HostResources.sharedMemory(),
    ports = ports.numbers,
    directory = directory.toString,
    localDirs = executor.localDirs,
    logDirectory = LogDirectory(context, executor),
    sharedLogs = executor.sharedLogs,
    pythonPath = NodeIncarnation.pythonPath(executor, directory),
    python = hello.python,
    ray = hello.ray,
    dashboard = hello.dashboard,
    unreachable = context.head.flatMap(Reachability.check(executor.host, _))
  )

  /** Starts Ray, or returns why its directories could not be created. */
  def launch(
      plan: NodePlan,
      nodes: Int,
      clusterName: String,
      onOutOfMemory: Long => Unit
  ): Either[String, Unit] = NodeIncarnation.extraDirectories(plan).map { directories =>
    staging = Some(new StagingDirectory(Paths.get(plan.stagingDirectory)))
    ports.release()
    oomMonitor = CgroupMemory.ownGroup().map { group =>
      new OomMonitor(s"rayonspark-memory-$clusterName-${executor.executorId}", group, onOutOfMemory)
    }
    addedPyFiles = Some(
      new AddedPyFiles(
        s"rayonspark-pyfiles-$clusterName-${executor.executorId}",
        new File(executor.fetchedFiles),
        executor.pythonPath.map(new File(_)).toSet,
        NodeIncarnation.pyFiles(directory)
      )
    )
    process.launch(
      NodeLaunch(
        command = RayCommand.of(plan),
        nodes = nodes,
        clientServer = plan.ports.contains(RayPort.ClientServer),
        watchGcs = if (plan.role == NodeRole.Head) Some(plan.gcsAddress) else None,
        logDirectory = plan.logDirectory,
        logPrefix = plan.logPrefix,
        remove = directories.map(_.toString)
      )
    )
  }

  /** Deletes files in its staging. */
  def discard(paths: Vector[String]): Unit = staging.foreach(_.delete(paths))

  /**
   * Returns the address of its staging server, or why there is none. Opens it at the first call.
   */
  def openStagingServer(
      servers: StagingAccessFactory,
      notLaunched: => String
  ): Either[String, StagingAddress] =
    for {
      directory <- staging.toRight(notLaunched)
      open <- server.map(Right(_)).getOrElse(servers.open(executor.host, context.ports, directory))
    } yield {
      server = Some(open)
      open.address
    }

  /** Begins to end it: see [[NodeProcess.stop]]. */
  def stop(grace: FiniteDuration): Unit = {
    // The process deletes the directory that this writes into.
    addedPyFiles.foreach(_.close())
    process.stop(grace)
  }

  /** Releases what this JVM holds for it. Called after its process has ended. */
  def close(): Unit = Steps.all(s"The Ray node that ended on executor ${executor.executorId}")(
    "releasing its ports" -> (() => ports.close()),
    "checking its memory a last time" -> (() => oomMonitor.foreach(_.check())),
    "closing its memory monitor" -> (() => oomMonitor.foreach(_.close())),
    "closing its watch on added files" -> (() => addedPyFiles.foreach(_.close())),
    // If it ended by itself, an archive may have been unpacked meanwhile.
    "removing its directory" -> (() => NodeDirs.delete(directory)),
    "closing its staging server" -> (() => server.foreach(_.close()))
  )
}

private[node] object NodeIncarnation extends Logging {

  /**
   * Creates its directory, holds its ports and starts its process, or returns why that failed.
   * Leaves nothing behind after a failure or an exception.
   */
  def prepare(
      context: LaunchContext,
      executor: ExecutorInfo,
      processes: NodeProcessFactory,
      onEvent: NodeEvent => Unit
  ): Either[String, NodeIncarnation] =
    for {
      directory <- NodeDirs.create(context.tempDirectory)
      ports <- PortAllocator.hold(executor.host, portsOf(context), context.ports).left.map { e =>
        NodeDirs.delete(directory)
        e
      }
    } yield try {
      Files.createDirectory(pyFiles(directory))
      val python = interpreter(context.python)
      val variables = environment(context, executor, directory)
      val process = processes.start(python, directory, variables, onEvent)
      new NodeIncarnation(context, directory, process, ports, executor)
    } catch {
      case e: Throwable =>
        Steps.all("A node that could not be prepared")(
          "releasing its ports" -> (() => ports.close()),
          "removing its directory" -> (() => NodeDirs.delete(directory))
        )
        throw e
    }

  /** The path of Spark's Python workers, and in front of it what is added from now on. */
  private def pythonPath(executor: ExecutorInfo, directory: Path): Vector[String] =
    pyFiles(directory).toString +: executor.pythonPath

  private def pyFiles(directory: Path): Path = directory.resolve("pyfiles")

  private def portsOf(context: LaunchContext): Vector[RayPort] =
    context.ports.portsOf(head = context.role == NodeRole.Head)

  /** Spark's rule for its Python workers: from PATH, or relative to this JVM's directory. */
  private def interpreter(named: String): String =
    if (named.contains('/')) Paths.get(named).toAbsolutePath.toString else named

  /** Includes PYTHONPATH from the start, because the child imports Ray before its launch. */
  private def environment(
      context: LaunchContext,
      executor: ExecutorInfo,
      directory: Path
  ): Map[String, String] = {
    val path =
      context.environment.get("PYTHONPATH").toVector ++ pythonPath(executor, directory)
    val inherited = sys.env ++ executor.environment
    val leftOut = inherited.keySet.filterNot(NodeEnvironment.inherits(_, context.inherit))
    if (leftOut.nonEmpty)
      logInfo(
        s"The Ray node does not inherit these variables: ${leftOut.toVector.sorted.mkString(" ")}"
      )
    NodeEnvironment(
      inherited,
      context.inherit,
      context.environment + ("PYTHONPATH" -> path.mkString(File.pathSeparator))
    )
  }

  /** Creates the directories outside of the node's own that the guard removes with it. */
  private def extraDirectories(plan: NodePlan): Either[String, Vector[Path]] = {
    val spill = plan.spillDirectory.map(NodeDirs.createPrivate(_, "spill_dir"))
    val staging = NodeDirs.createPrivate(plan.stagingDirectory, "temp_dir")
    (spill.toVector :+ staging).partitionMap(identity) match {
      case (Vector(), created) => Right(created)
      case (errors, created) =>
        created.foreach(NodeDirs.delete)
        Left(errors.head)
    }
  }
}
