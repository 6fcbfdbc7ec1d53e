package org.rayonspark.plan

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{Keys, LabelSyntax, RayPort}
import org.rayonspark.plan.PlanError.{PortsMissing, WorkerPortsTooFew}

/** Makes the plan of one node from its offer. */
private[plan] final case class NodePlanner(
    spec: RayClusterSpec,
    clusterId: String,
    local: Boolean
) {

  def head(offer: Offer, seat: Seat): Either[PlanError, NodePlan] =
    for {
      capacity <-
        if (local) Capacity.ofLocalHead(spec, offer) else Right(Capacity.ofHead(spec))
      sizing <-
        if (local) Sizing.of(offer, seat.nodesOnHost, wishes(NodeRole.Head))
        else Sizing.ofHead(offer, seat.nodesOnHost, wishes(NodeRole.Head))
      ports <- portsOf(offer, NodeRole.Head)
      gcs = s"${bracketed(offer.host)}:${ports(RayPort.Gcs)}"
      plan <- node(NodeRole.Head, offer, gcs, capacity, sizing, seat)
    } yield incarnation(plan, offer, 0)

  def worker(
      offer: Offer,
      gcsAddress: String,
      seat: Seat,
      restarts: Int
  ): Either[PlanError, NodePlan] =
    for {
      capacity <- Capacity.ofWorker(spec, offer)
      sizing <- Sizing.of(offer, seat.nodesOnHost, wishes(NodeRole.Worker))
      plan <- node(NodeRole.Worker, offer, gcsAddress, capacity, sizing, seat)
    } yield incarnation(plan, offer, restarts)

  /** The same node once more: what it is stays, where it listens and writes is new. */
  def again(previous: NodePlan, offer: Offer, restarts: Int): Either[PlanError, NodePlan] =
    for {
      ports <- portsOf(offer, previous.role)
      _ <- SocketPath.check(offer, previous.dashboardHost.isDefined)
    } yield incarnation(previous.copy(ports = ports), offer, restarts)

  private def node(
      role: NodeRole,
      offer: Offer,
      gcsAddress: String,
      capacity: Capacity,
      sizing: Sizing,
      seat: Seat
  ): Either[PlanError, NodePlan] = {
    val dashboardHost =
      Option.when(role == NodeRole.Head && spec(Keys.dashboard))(spec(Keys.dashboardHost))
    val needed = WorkerPorts.needed(capacity.cpus)
    val tooFew = seat.workerPorts.filter(_.size < needed)
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
      gpus = capacity.gpuAddresses.size.toDouble,
      gpuAddresses = capacity.gpuAddresses,
      memory = sizing.memory,
      objectStoreMemory = sizing.objectStoreMemory,
      resources = capacity.resources,
      labels = capacity.labels ++ ownLabels(offer),
      ports = ports,
      workerPorts = seat.workerPorts,
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

  /** What differs from one incarnation of a node to the next, besides its ports. */
  private def incarnation(plan: NodePlan, offer: Offer, restarts: Int): NodePlan = {
    val seat = if (plan.role == NodeRole.Head) "head" else s"executor-${offer.executorId}"
    val name = s"$clusterId-$seat" + (if (restarts == 0) "" else s".$restarts")
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

  private def portsOf(offer: Offer, role: NodeRole): Either[PlanError, Map[RayPort, Int]] = {
    val own = RayPort.all.filter(port => role == NodeRole.Head || !port.headOnly)
    val missing = own.filterNot(offer.ports.contains).map(_.key)
    Either.cond(
      missing.isEmpty,
      offer.ports.filter { case (port, _) => own.contains(port) },
      PortsMissing(NodeIdentity.of(offer), missing)
    )
  }

  private def wishes(role: NodeRole): Sizing.Wishes = {
    val option = "--plasma-directory"
    val onDisk = extraArgs(role).exists(arg => arg == option || arg.startsWith(s"$option="))
    Sizing.Wishes(
      spec(Keys.memory),
      spec(Keys.objectStoreMemory),
      spec(Keys.stagingMemory),
      onDisk
    )
  }

  private def extraArgs(role: NodeRole): Vector[String] =
    spec(if (role == NodeRole.Head) Keys.headArgs else Keys.workerArgs)

  private def ownLabels(offer: Offer): Map[String, String] = Map(
    s"${LabelSyntax.ownPrefix}executor-id" -> LabelSyntax.valueOf(offer.executorId),
    s"${LabelSyntax.ownPrefix}host" -> LabelSyntax.valueOf(offer.host)
  )

  private def bracketed(host: String): String = if (host.contains(':')) s"[$host]" else host
}

private[plan] object NodePlanner {

  /** Where Linux keeps files in memory; an offer says whether a host has it. */
  private val sharedMemory = "/dev/shm"
}
