package org.apache.spark.rayonspark

import org.apache.spark.network.TransportContext
import org.apache.spark.network.client.{RpcResponseCallback, TransportClient}
import org.apache.spark.network.crypto.{AuthClientBootstrap, AuthServerBootstrap}
import org.apache.spark.network.sasl.SecretKeyHolder
import org.apache.spark.network.server.{
  NoOpRpcHandler,
  OneForOneStreamManager,
  RpcHandler,
  StreamManager
}
import org.apache.spark.network.util.{MapConfigProvider, TransportConf}

import java.io.IOException
import java.nio.ByteBuffer
import java.util.{List => JList}
import scala.jdk.CollectionConverters._

/** Answers the questions of other hosts, on threads of the network's. */
trait SparkNetworkHandler {

  /** `peer` is the same for all questions of one connection. A failure is told to the peer. */
  def answer(peer: AnyRef, question: ByteBuffer): ByteBuffer

  /** The connection has ended. */
  def gone(peer: AnyRef): Unit
}

/** A connection to such a handler. */
trait SparkNetworkClient extends AutoCloseable {

  /**
   * @throws IOException
   *   when the other side failed, or is gone
   */
  def ask(question: ByteBuffer): ByteBuffer

  override def close(): Unit
}

/**
 * Spark's own network library between two executors: its RPC only goes to the driver. Both sides
 * must know a secret, and all is encrypted, whatever Spark's own settings are.
 */
object SparkNetwork {

  /** How long an answer may take, or a handshake. */
  private val patienceMs = 120000L

  private val user = "rayonspark"

  private val conf = new TransportConf(
    "rayonspark",
    new MapConfigProvider(
      Map(
        "spark.network.crypto.enabled" -> "true",
        "spark.network.crypto.saslFallback" -> "false",
        "spark.network.crypto.authEngineVersion" -> "2",
        "spark.network.crypto.cipher" -> "AES/GCM/NoPadding",
        "spark.rayonspark.io.serverThreads" -> "2",
        "spark.rayonspark.io.clientThreads" -> "1"
      ).asJava
    )
  )

  /**
   * Listens on the first of the ports that is free; 0 is any.
   *
   * @return
   *   the port and what ends it; none when no port is free
   */
  def listen(
      host: String,
      ports: Vector[Int],
      secret: String,
      handler: SparkNetworkHandler
  ): Option[(Int, AutoCloseable)] = {
    val context = new TransportContext(conf, new Handler(handler))
    val bootstrap = new AuthServerBootstrap(conf, new Secret(secret))
    val server = ports.iterator
      .flatMap { port =>
        try Some(context.createServer(host, port, JList.of(bootstrap)))
        catch { case _: IOException => None }
      }
      .nextOption()
    if (server.isEmpty) context.close()
    server.map { s =>
      val close: AutoCloseable = () => {
        s.close()
        context.close()
      }
      (s.getPort, close)
    }
  }

  /**
   * @throws IOException
   *   when nobody answers there, or the secret is not theirs
   */
  def connect(host: String, port: Int, secret: String): SparkNetworkClient = {
    val context = new TransportContext(conf, new NoOpRpcHandler(), true, true)
    val bootstrap = new AuthClientBootstrap(conf, user, new Secret(secret))
    val factory = context.createClientFactory(JList.of(bootstrap))
    def close(): Unit = {
      factory.close()
      context.close()
    }
    val client =
      try factory.createUnmanagedClient(host, port)
      catch {
        case e: Exception =>
          close()
          throw new IOException(s"No connection to $host:$port: ${e.getMessage}", e)
      }
    new Client(client, () => close())
  }

  private final class Client(client: TransportClient, onClose: () => Unit)
      extends SparkNetworkClient {
    override def ask(question: ByteBuffer): ByteBuffer =
      try client.sendRpcSync(question, patienceMs)
      catch {
        case e: RuntimeException =>
          val cause = Option(e.getCause).getOrElse(e)
          throw new IOException(s"${client.getSocketAddress} failed: ${cause.getMessage}", cause)
      }

    override def close(): Unit = {
      client.close()
      onClose()
    }
  }

  private final class Handler(handler: SparkNetworkHandler) extends RpcHandler {
    private val noStreams = new OneForOneStreamManager()

    override def receive(
        client: TransportClient,
        message: ByteBuffer,
        callback: RpcResponseCallback
    ): Unit = callback.onSuccess(handler.answer(client.getChannel, message))

    override def getStreamManager: StreamManager = noStreams
    override def channelInactive(client: TransportClient): Unit = handler.gone(client.getChannel)
  }

  private final class Secret(secret: String) extends SecretKeyHolder {
    override def getSaslUser(appId: String): String = user
    override def getSecretKey(appId: String): String = if (appId == user) secret else null
  }
}
