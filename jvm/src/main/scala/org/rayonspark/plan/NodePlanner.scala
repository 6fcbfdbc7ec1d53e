package org.rayonspark.plan

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{Keys, LabelSyntax, RayPort}
import org.rayonspark.plan.PlanError.{PortsMissing, WorkerPortsTooFew}

/** Plans one node from its offer. */
private[plan] final case class NodePlanner(
    spec: RayClusterSpec,
    clusterId: String,
    local: Boolean
) {

  def head(offer: ResourceOffer, share: HostShare): Either[PlanError, NodePlan] =
    for {
      capacity <-
        if (local) NodeResources.ofLocalHead(spec, offer) else Right(NodeResources.ofHead(spec))
      sizing <-
        if (local) MemorySizing.of(offer, share.nodesOnHost, requested(NodeRole.Head))
        else MemorySizing.ofHead(offer, share.nodesOnHost, requested(NodeRole.Head))
      ports <- portsOf(offer, NodeRole.Head)
      gcs = s"${bracketed(offer.host)}:${ports(RayPort.Gcs)}"
      plan <- node(NodeRole.Head, offer, gcs, capacity, sizing, share)
    } yield incarnation(plan, offer, 0)

  def worker(
      offer: ResourceOffer,
      gcsAddress: String,
      share: HostShare,
      restarts: Int
  ): Either[PlanError, NodePlan] =
    for {
      capacity <- NodeResources.ofWorker(spec, offer)
      sizing <- MemorySizing.of(offer, share.nodesOnHost, requested(NodeRole.Worker))
      plan <- node(NodeRole.Worker, offer, gcsAddress, capacity, sizing, share)
    } yield incarnation(plan, offer, restarts)

  /** Plans a restart: the node keeps its sizes and gets new ports, directories and a new name. */
  def again(previous: NodePlan, offer: ResourceOffer, restarts: Int): Either[PlanError, NodePlan] =
    for {
      ports <- portsOf(offer, previous.role)
      _ <- SocketPath.check(offer, previous.dashboardHost.isDefined)
    } yield incarnation(previous.copy(ports = ports), offer, restarts)

  private def node(
      role: NodeRole,
      offer: ResourceOffer,
      gcsAddress: String,
      capacity: NodeResources,
      sizing: MemorySizing,
      share: HostShare
  ): Either[PlanError, NodePlan] = {
    val dashboard = role == NodeRole.Head && spec(Keys.dashboard) && offer.dashboard
    val dashboardHost = Option.when(dashboard)(spec(Keys.dashboardHost))
    val needed = WorkerPorts.needed(capacity.cpus)
    val tooFew = share.workerPorts.filter(_.size < needed)
    for {
      _ <- SocketPath.check(offer, dashboardHost.isDefined)
      _ <- tooFew.map(range => WorkerPortsTooFew(offer.host, needed, range.size)).toLeft(())
      ports <- portsOf(offer, role)
    } yield NodePlan(
      name = "",
      role = role,
      executorId = offer.executorId,
      host = offer.host,
      gcsAddress = gcsAddress,
      cpus = capacity.cpus,
      gpus = capacity.gpus.toDouble,
      gpuAddresses = capacity.gpuAddresses,
      memory = sizing.memory,
      objectStoreMemory = sizing.objectStoreMemory,
      resources = capacity.resources,
      labels = capacity.labels ++ ownLabels(offer),
      ports = ports,
      workerPorts = share.workerPorts,
      dashboardHost = dashboardHost,
      directory = "",
      spillDirectory = None,
      stagingDirectory = "",
      stagingMemory = sizing.stagingMemory,
      logDirectory = "",
      logPrefix = "",
      pythonPath = Vector.empty,
      extraArgs = extraArgs(role)
    )
  }

  /** Sets what differs between the incarnations of a node, except for its ports. */
  private def incarnation(plan: NodePlan, offer: ResourceOffer, restarts: Int): NodePlan = {
    val place = if (plan.role == NodeRole.Head) "head" else s"executor-${offer.executorId}"
    val name = s"$clusterId-$place" + (if (restarts == 0) "" else s".$restarts")
    val logs = spec(Keys.logDir)
    val shared = offer.sharedLogs && logs.isEmpty
    val spill = spec(Keys.spillDir).orElse(offer.localDirs.headOption)
    plan.copy(
      name = name,
      directory = offer.directory,
      spillDirectory = spill.map(directory => s"$directory/ros-spill-$name"),
      stagingDirectory =
        if (offer.sharedMemory.isDefined) s"${NodePlanner.sharedMemory}/ros-stage-$name"
        else s"${offer.directory}/staging",
      logDirectory =
        if (shared) offer.logDirectory else s"${logs.getOrElse(offer.logDirectory)}/$name",
      logPrefix = if (shared) s"ray-$name-" else "",
      pythonPath = spec(Keys.env).get("PYTHONPATH").toVector ++ offer.pythonPath
    )
  }

  private def portsOf(
      offer: ResourceOffer,
      role: NodeRole
  ): Either[PlanError, Map[RayPort, Int]] = {
    val own = spec.portPolicy.portsOf(head = role == NodeRole.Head)
    val missing = own.filterNot(offer.ports.contains).map(_.key)
    Either.cond(
      missing.isEmpty,
      offer.ports.filter { case (port, _) => own.contains(port) },
      PortsMissing(NodeIdentity.of(offer), missing)
    )
  }

  private def requested(role: NodeRole): MemorySizing.Requested = {
    val option = "--plasma-directory"
    val onDisk = extraArgs(role).exists(arg => arg == option || arg.startsWith(s"$option="))
    MemorySizing.Requested(
      spec(Keys.memory),
      spec(Keys.objectStoreMemory),
      spec(Keys.stagingMemory),
      onDisk
    )
  }

  private def extraArgs(role: NodeRole): Vector[String] =
    spec(if (role == NodeRole.Head) Keys.headArgs else Keys.workerArgs)

  private def ownLabels(offer: ResourceOffer): Map[String, String] = Map(
    s"${LabelSyntax.ownPrefix}executor-id" -> LabelSyntax.valueOf(offer.executorId),
    s"${LabelSyntax.ownPrefix}host" -> LabelSyntax.valueOf(offer.host)
  )

  private def bracketed(host: String): String = if (host.contains(':')) s"[$host]" else host
}

private[plan] object NodePlanner {

  /** Linux's in-memory file system. An offer says whether its host has it. */
  private val sharedMemory = "/dev/shm"
}
