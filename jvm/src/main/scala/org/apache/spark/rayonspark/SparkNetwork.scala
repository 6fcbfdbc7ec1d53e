package org.apache.spark.rayonspark

import io.netty.channel.Channel
import org.apache.spark.network.TransportContext
import org.apache.spark.network.client.{
  RpcResponseCallback,
  TransportClient,
  TransportClientBootstrap
}
import org.apache.spark.network.crypto.{AuthClientBootstrap, AuthServerBootstrap}
import org.apache.spark.network.sasl.SecretKeyHolder
import org.apache.spark.network.server.{
  NoOpRpcHandler,
  RpcHandler,
  StreamManager,
  TransportServerBootstrap
}
import org.apache.spark.network.util.{MapConfigProvider, TransportConf}

import java.io.IOException
import java.nio.ByteBuffer
import java.util.Arrays
import java.util.Collections.singletonList
import scala.collection.JavaConverters._

/** Answers the requests of other hosts, on network threads. */
trait SparkNetworkHandler {

  /**
   * Answers a request. `peer` is the same object for all requests of one connection. If this
   * throws, the peer receives the error's message.
   */
  def answer(peer: AnyRef, request: ByteBuffer): ByteBuffer

  /** Called when the connection has ended. */
  def disconnected(peer: AnyRef): Unit
}

/** A connection to a [[SparkNetworkHandler]]. */
trait SparkNetworkClient extends AutoCloseable {

  /**
   * Sends a request and waits for the answer.
   *
   * @throws IOException
   *   when the other side failed, or is gone
   */
  def ask(request: ByteBuffer): ByteBuffer

  override def close(): Unit
}

/**
 * Connects two executors with Spark's network library, because Spark's RPC connects them only to
 * the driver. Both sides must know a secret, and all bytes are encrypted, whatever Spark's settings
 * are.
 */
object SparkNetwork {

  /** Maximum size of a request, including its piece of a file. */
  val maxBytes: Int = 8 << 20

  /** How long an answer may take. */
  private val timeoutMs = 120000L

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
   * Listens on the first of the ports that is free; 0 means any port.
   *
   * @return
   *   the port, and a handle that closes the server; None when no port is free
   */
  def listen(
      host: String,
      ports: Iterator[Int],
      secret: String,
      handler: SparkNetworkHandler
  ): Option[(Int, AutoCloseable)] = {
    val context = new TransportContext(conf, new Handler(handler))
    val bootstrap = new AuthServerBootstrap(conf, new Secret(secret))
    val bootstraps = Arrays.asList[TransportServerBootstrap](bootstrap, LimitingBootstrap)
    val server = ports
      .map { port =>
        try Some(context.createServer(host, port, bootstraps))
        catch { case _: IOException => None }
      }
      .collectFirst { case Some(listening) => listening }
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
   * Connects to a server that [[listen]] has started.
   *
   * @throws IOException
   *   when no server answers there, or its secret is another one
   */
  def connect(host: String, port: Int, secret: String): SparkNetworkClient = {
    val context = new TransportContext(conf, new NoOpRpcHandler(), true, true)
    val bootstrap = new AuthClientBootstrap(conf, user, new Secret(secret))
    val factory = context.createClientFactory(singletonList[TransportClientBootstrap](bootstrap))
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
    override def ask(request: ByteBuffer): ByteBuffer =
      try client.sendRpcSync(request, timeoutMs)
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

  /** The last bootstrap: its handlers see a peer's bytes first, even before it is authenticated. */
  private object LimitingBootstrap extends TransportServerBootstrap {
    override def doBootstrap(channel: Channel, handler: RpcHandler): RpcHandler = {
      channel.pipeline.addFirst("frameLimit", new FrameLimit(maxBytes.toLong))
      new TerseHandler(handler)
    }
  }

  private final class Handler(handler: SparkNetworkHandler) extends RpcHandler {
    override def receive(
        client: TransportClient,
        message: ByteBuffer,
        callback: RpcResponseCallback
    ): Unit = callback.onSuccess(handler.answer(client.getChannel, message))

    override def getStreamManager: StreamManager = NoStreams
    override def channelInactive(client: TransportClient): Unit =
      handler.disconnected(client.getChannel)
  }

  private final class Secret(secret: String) extends SecretKeyHolder {
    override def getSaslUser(appId: String): String = user
    override def getSecretKey(appId: String): String = if (appId == user) secret else null
  }
}
