package org.rayonspark.node

import org.apache.spark.internal.Logging
import org.rayonspark.plan.NodePlan
import org.rayonspark.rpc.{
  AgentMessage,
  AgentRequest,
  AgentResponse,
  DriverMessage,
  LaunchContext,
  Transport,
  Wire
}
import org.rayonspark.threads.Steps

import java.util.concurrent.{CountDownLatch, TimeUnit}
import scala.concurrent.duration._

/**
 * Owns the Ray node on one executor (or on the driver) for the lifetime of the cluster. It outlives
 * the Spark task that created it.
 *
 * {{{
 *   driver ──Prepare──► agent ──start──► process      (ports held, directory made)
 *          ◄──ResourceOffered──        ◄──Hello──
 *          ──Launch───►        ──launch─►              (ports released)
 *          ◄──NodeReport───────◄──events─
 *          ──Discard, OpenStagingServer──►             (requests about the node's staging)
 *          ──Drain────►        ──drain─►  ──Exited──► Closed
 *          ──Stop─────►        ──stop──►  ──Exited──► Closed
 * }}}
 *
 * Everything happens on the agent's own thread, so the state needs no lock.
 *
 * @param hooks
 *   this JVM's shutdown hooks. The agent adds one that waits while the node drains
 * @param onClosed
 *   called when the agent has closed
 */
final class NodeAgent(
    endpointName: String,
    executor: ExecutorInfo,
    transport: Transport,
    processes: NodeProcessFactory,
    servers: StagingAccessFactory,
    hooks: ShutdownHooks,
    onClosed: () => Unit
) extends Logging {
  private val thread = AgentThread(s"rayonspark-agent-$endpointName-${executor.executorId}")
  private val driver = transport.driver(endpointName)
  private val endpoint = transport.open(
    s"$endpointName-agent-${executor.executorId}",
    (bytes, _) => thread.post(onMessage(Wire.decode[DriverMessage](bytes))),
    (bytes, reply) => thread.post(reply(Wire.encode(answerTo(bytes))))
  )
  private val ready = new CountDownLatch(1)
  private val closed = new CountDownLatch(1)

  // Also read by the shutdown hook.
  @volatile private var node: Option[NodeIncarnation] = None
  private var stopping = false
  // What to prepare once the former incarnation has ended.
  private var pending: Option[LaunchContext] = None

  private val drainOnShutdown =
    new DrainOnShutdown(transport, driver, executor.executorId, () => usage, awaitClosed)
  private val shutdownHook = hooks.before(() => drainOnShutdown.await())

  tell(AgentMessage.Register(executor.executorId, executor.host))

  /** Waits until GCS lists the node as alive or the agent has closed. False after `limit`. */
  def awaitReady(limit: FiniteDuration): Boolean =
    ready.await(limit.toMillis, TimeUnit.MILLISECONDS)

  /** Waits until the agent has closed and nothing of its node is left. False after `limit`. */
  def awaitClosed(limit: FiniteDuration): Boolean =
    closed.await(limit.toMillis, TimeUnit.MILLISECONDS)

  private def onMessage(message: DriverMessage): Unit = message match {
    case _ if closed.getCount == 0 => ()
    case DriverMessage.Prepare(context) =>
      if (!stopping)
        node match {
          case None => prepare(context)
          // The former incarnation holds its ports and its directory until it has ended.
          case Some(former) =>
            pending = Some(context)
            former.stop(Duration.Zero)
        }
    case DriverMessage.Launch(incarnation, plan, nodes) =>
      node
        .filter(n => n.context.incarnation == incarnation && !stopping)
        .foreach(launch(_, plan, nodes))
    case DriverMessage.Ready =>
      ready.countDown()
      // The first call loads classes for 50 ms, and YARN may wait 250 ms from SIGTERM to SIGKILL.
      val _ = usage
    case DriverMessage.Drain(limit) =>
      stopping = true
      drainOnShutdown.drainStarted(limit)
      node.fold(close())(_.process.drain(limit))
    case DriverMessage.Stop(grace) =>
      stopping = true
      node.fold(close())(_.stop(grace))
  }

  /** Answers even if `answer` throws: the driver waits for it. */
  private def answerTo(request: Array[Byte]): AgentResponse =
    try answer(Wire.decode[AgentRequest](request))
    catch {
      case e: Throwable =>
        logError(s"Executor ${executor.executorId} could not answer a request.", e)
        AgentResponse.Refused(s"Executor ${executor.executorId} could not answer: $e.")
    }

  private def answer(request: AgentRequest): AgentResponse = request match {
    case AgentRequest.Discard(paths) =>
      // The staging of a node that has ended is already deleted.
      node.foreach(_.discard(paths))
      AgentResponse.Done
    case AgentRequest.OpenStagingServer =>
      node
        .toRight(noNode)
        .flatMap(_.openStagingServer(servers, noNode))
        .fold(AgentResponse.Refused(_), AgentResponse.Address(_))
  }

  private def noNode: String = s"The Ray node on executor ${executor.executorId} is gone."

  private def prepare(context: LaunchContext): Unit = attempt(context, "prepare") {
    val onEvent = (event: NodeEvent) => thread.post(handle(context.incarnation, event))
    NodeIncarnation.prepare(context, executor, processes, onEvent) match {
      case Left(why) => cannotOffer(context, why)
      case Right(prepared) => node = Some(prepared)
    }
  }

  /** Runs `work`, and reports a failure to the driver, which would wait without the message. */
  private def attempt(context: LaunchContext, what: String)(work: => Unit): Unit =
    try work
    catch {
      case e: Throwable =>
        logError(s"Executor ${executor.executorId} could not $what a Ray node.", e)
        cannotOffer(
          context,
          s"Executor ${executor.executorId} on host ${executor.host} could not $what a Ray node: " +
            s"$e. Look at the executor's log."
        )
        // Do not leave the node half launched.
        node.foreach(_.stop(Duration.Zero))
    }

  private def cannotOffer(context: LaunchContext, why: String): Unit =
    tell(AgentMessage.OfferDeclined(executor.executorId, context.incarnation, why))

  private def handle(incarnation: Int, event: NodeEvent): Unit =
    node.filter(_.context.incarnation == incarnation).foreach { current =>
      event match {
        case hello: NodeEvent.Hello => offer(current, hello)
        case _: NodeEvent.Exited =>
          node = None
          current.close()
          Steps.all(s"The end of the Ray node on executor ${executor.executorId}")(
            "reporting its end" -> (() => report(incarnation, event)),
            "closing, or preparing the next one" -> (() => continueAfterExit())
          )
        case _: NodeEvent.NodeSeen | _: NodeEvent.OutOfMemory => report(incarnation, event)
      }
    }

  private def continueAfterExit(): Unit =
    if (stopping) close()
    else {
      val context = pending
      pending = None
      context.foreach(prepare)
    }

  private def offer(current: NodeIncarnation, hello: NodeEvent.Hello): Unit =
    attempt(current.context, "offer") {
      val context = current.context
      val offer = current.offer(hello)
      report(context.incarnation, hello)
      tell(AgentMessage.ResourceOffered(executor.executorId, context.incarnation, offer))
    }

  private def launch(current: NodeIncarnation, plan: NodePlan, nodes: Int): Unit =
    attempt(current.context, "launch") {
      val onOutOfMemory =
        (limit: Long) => report(current.context.incarnation, NodeEvent.OutOfMemory(limit))
      current.launch(plan, nodes, endpointName, onOutOfMemory).left.foreach { why =>
        cannotOffer(current.context, why)
        current.stop(Duration.Zero)
      }
    }

  /**
   * The node's memory usage, on YARN only: YARN kills a container for the memory of its processes,
   * and nothing else records how much of it was Ray's.
   */
  private def usage: Option[ContainerUsage] =
    for {
      limit <- executor.containerMemory
      current <- node
    } yield ContainerUsage.of(current.directory, limit)

  private def report(incarnation: Int, event: NodeEvent): Unit =
    tell(AgentMessage.NodeReport(executor.executorId, incarnation, event))

  private def tell(message: AgentMessage): Unit = endpoint.send(driver, Wire.encode(message))

  private def close(): Unit =
    Steps.all(s"The end of the agent on executor ${executor.executorId}")(
      "telling the driver" -> (() => tell(AgentMessage.Closed(executor.executorId))),
      "closing its endpoint" -> (() => endpoint.close()),
      "removing the shutdown hook" -> (() => shutdownHook.close()),
      "unregistering it" -> onClosed,
      "releasing its tasks" -> (() => ready.countDown()),
      "releasing the JVM's shutdown" -> (() => closed.countDown()),
      "ending its thread" -> (() => thread.close())
    )
}
