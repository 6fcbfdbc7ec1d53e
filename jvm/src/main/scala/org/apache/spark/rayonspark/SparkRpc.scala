package org.apache.spark.rayonspark

import org.apache.spark.{SparkEnv, SparkException}
import org.apache.spark.internal.Logging
import org.apache.spark.rpc.{
  RpcAddress,
  RpcCallContext,
  RpcEndpointRef,
  RpcEnv,
  RpcTimeout,
  ThreadSafeRpcEndpoint
}
import org.apache.spark.util.ThreadUtils
import org.rayonspark.rpc.{Endpoint, EndpointRef, Transport}

import java.io.IOException
import scala.concurrent.Future
import scala.concurrent.duration._
import scala.util.control.NonFatal

/**
 * Uses Spark's own RPC as the transport. It is authenticated and encrypted whenever Spark is, and
 * it opens no new port. A message is a pair of the sender's reference and bytes: only classes of
 * Spark, Scala and the JDK may cross, because the other side decodes them with Spark's class
 * loader.
 */
final class SparkRpc(rpc: RpcEnv, driverAddress: RpcAddress) extends Transport with Logging {

  override def open(
      name: String,
      receive: (Array[Byte], EndpointRef) => Unit,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): Endpoint = {
    val endpoint = new SparkRpc.BytesEndpoint(rpc, receive, answer)
    new SparkRpc.SparkEndpoint(rpc, rpc.setupEndpoint(name, endpoint))
  }

  override def driver(name: String): EndpointRef =
    try SparkRpc.SparkEndpointRef(rpc.setupEndpointRef(driverAddress, name))
    catch {
      case e: SparkException =>
        throw new IOException(s"""The Spark driver at $driverAddress has no endpoint "$name".""", e)
    }

  override def serve(
      name: String,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): AutoCloseable =
    open(name, (_, _) => (), answer)

  override def ask(peer: EndpointRef, request: Array[Byte]): Future[Array[Byte]] = peer match {
    case SparkRpc.SparkEndpointRef(ref) => ref.ask[Array[Byte]](request, SparkRpc.forever)
    case other => throw new IllegalArgumentException(s"$other does not belong to this transport")
  }

  override def check(peer: EndpointRef): Future[Unit] = peer match {
    case SparkRpc.SparkEndpointRef(ref) =>
      ref
        .ask[String](SparkRpc.areYouThere, SparkRpc.forever)
        .map(_ => ())(ThreadUtils.sameThread)
    case other => throw new IllegalArgumentException(s"$other does not belong to this transport")
  }
}

object SparkRpc {

  /** Returns the transport of this JVM's application, on the driver or on an executor. */
  def ofThisApplication(): SparkRpc = {
    val env = SparkEnv.get
    val host = env.conf.get("spark.driver.host")
    val port = env.conf.get("spark.driver.port").toInt
    new SparkRpc(env.rpcEnv, RpcAddress(host, port))
  }

  /** A request that every endpoint answers without calling its `answer`. */
  private val areYouThere = "rayonspark: are you there?"

  private final case class SparkEndpointRef(ref: RpcEndpointRef) extends EndpointRef

  private final class SparkEndpoint(rpc: RpcEnv, self: RpcEndpointRef)
      extends Endpoint
      with Logging {
    override def send(peer: EndpointRef, message: Array[Byte]): Unit = peer match {
      case SparkEndpointRef(ref) =>
        try ref.send((self, message))
        catch { case e: Exception => logWarning(s"Could not send to $ref", e) }
      case other => throw new IllegalArgumentException(s"$other does not belong to this transport")
    }

    override def close(): Unit = rpc.stop(self)
  }

  /** The caller decides how long to wait. A lost connection fails the request at once. */
  private val forever = new RpcTimeout(24.hours, "RayOnSpark")

  private final class BytesEndpoint(
      override val rpcEnv: RpcEnv,
      onMessage: (Array[Byte], EndpointRef) => Unit,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ) extends ThreadSafeRpcEndpoint
      with Logging {
    override def receive: PartialFunction[Any, Unit] = {
      case (sender: RpcEndpointRef, bytes: Array[Byte]) =>
        onMessage(bytes, SparkEndpointRef(sender))
    }

    /**
     * Sends an IOException in place of the error. Spark would send the error itself, and the
     * caller's Spark, which cannot decode a class of RayOnSpark, would close the connection.
     */
    private def fail(context: RpcCallContext, error: Throwable): Unit = {
      logError("Could not answer a request", error)
      context.sendFailure(new IOException(s"Could not answer the request: $error"))
    }

    override def receiveAndReply(context: RpcCallContext): PartialFunction[Any, Unit] = {
      case request: Array[Byte] =>
        try answer(request, context.reply)
        catch { case NonFatal(e) => fail(context, e) }
      case SparkRpc.areYouThere => context.reply(SparkRpc.areYouThere)
    }
  }
}
