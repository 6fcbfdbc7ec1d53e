package org.rayonspark.rpc

import java.io.IOException
import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.{ExecutionContext, Future}

/**
 * The driver's endpoint for the node agents of one cluster. It finds an agent by its executor id,
 * and decides nothing.
 *
 * {{{
 *   agent on executor 1 ──Register, ResourceOffered, NodeReport──►  DriverEndpoint ──► onMessage
 *                        ◄──Prepare, Launch, Ready, Drain, Stop──
 *                        ──ShutdownNotice──────────────►  (request, gets a ShutdownDelay)
 *                        ◄──Discard, OpenStagingServer──  (requests, get an AgentResponse)
 * }}}
 *
 * @param onShutdown
 *   answers an executor whose JVM shuts down; must not block
 */
final class DriverEndpoint(
    transport: Transport,
    name: String,
    onMessage: AgentMessage => Unit,
    onShutdown: ShutdownNotice => ShutdownDelay
) extends AutoCloseable {
  private val agents = new ConcurrentHashMap[String, EndpointRef]
  private val endpoint = transport.open(
    name,
    receive,
    (bytes, reply) => reply(Wire.encode(onShutdown(Wire.decode[ShutdownNotice](bytes))))
  )

  /** Sends to the agent on that executor. Dropped if no agent has registered from there. */
  def tell(executorId: String, message: DriverMessage): Unit =
    Option(agents.get(executorId)).foreach(endpoint.send(_, Wire.encode(message)))

  /** Asks the agent on that executor. Fails if there is no agent, or no longer one. */
  def ask(executorId: String, request: AgentRequest): Future[AgentResponse] =
    Option(agents.get(executorId))
      .fold(Future.failed[Array[Byte]](new IOException(s"No agent on executor $executorId"))) {
        transport.ask(_, Wire.encode(request))
      }
      .map(Wire.decode[AgentResponse])(ExecutionContext.parasitic)

  private def receive(bytes: Array[Byte], from: EndpointRef): Unit = {
    val message = Wire.decode[AgentMessage](bytes)
    message match {
      case AgentMessage.Register(executorId, _) => agents.put(executorId, from)
      case _ => ()
    }
    onMessage(message)
  }

  override def close(): Unit = endpoint.close()
}

object DriverEndpoint {

  /** The name of a cluster's endpoint, by which its tasks find it. */
  def endpointName(clusterId: String): String = s"rayonspark-$clusterId"
}
