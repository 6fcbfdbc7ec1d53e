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
import org.rayonspark.rendezvous.{Mailbox, Peer, Transport}

import java.io.IOException
import scala.concurrent.Future
import scala.concurrent.duration._

/**
 * Spark's own RPC as our transport: authenticated and encrypted whenever Spark is, and no new port.
 * A message is a pair of the sender's reference and bytes: only Spark's, Scala's and the JDK's
 * classes may cross, because the other side decodes them with Spark's class loader.
 */
final class SparkRpc(rpc: RpcEnv, driverAddress: RpcAddress) extends Transport with Logging {

  override def open(
      name: String,
      receive: (Array[Byte], Peer) => Unit,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): Mailbox = {
    val endpoint = new SparkRpc.Endpoint(rpc, receive, answer)
    new SparkRpc.SparkMailbox(rpc, rpc.setupEndpoint(name, endpoint))
  }

  override def driver(name: String): Peer =
    try SparkRpc.SparkPeer(rpc.setupEndpointRef(driverAddress, name))
    catch {
      case e: SparkException =>
        throw new IOException(s"The Spark driver at $driverAddress has no mailbox \"$name\".", e)
    }

  override def serve(
      name: String,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): AutoCloseable =
    open(name, (_, _) => (), answer)

  override def ask(peer: Peer, question: Array[Byte]): Future[Array[Byte]] = peer match {
    case SparkRpc.SparkPeer(ref) => ref.ask[Array[Byte]](question, SparkRpc.forever)
    case other => throw new IllegalArgumentException(s"$other is not of this transport")
  }
}

object SparkRpc {

  /** The transport of the application that this JVM belongs to, as driver or as executor. */
  def ofThisApplication(): SparkRpc = {
    val env = SparkEnv.get
    val host = env.conf.get("spark.driver.host")
    val port = env.conf.get("spark.driver.port").toInt
    new SparkRpc(env.rpcEnv, RpcAddress(host, port))
  }

  private final case class SparkPeer(ref: RpcEndpointRef) extends Peer

  private final class SparkMailbox(rpc: RpcEnv, self: RpcEndpointRef) extends Mailbox with Logging {
    override def send(peer: Peer, message: Array[Byte]): Unit = peer match {
      case SparkPeer(ref) =>
        try ref.send((self, message))
        catch { case e: Exception => logWarning(s"Could not send to $ref", e) }
      case other => throw new IllegalArgumentException(s"$other is not of this transport")
    }

    override def close(): Unit = rpc.stop(self)
  }

  /** Who asks decides how long to wait; a connection that is lost fails the question at once. */
  private val forever = new RpcTimeout(24.hours, "RayOnSpark")

  private final class Endpoint(
      override val rpcEnv: RpcEnv,
      onMessage: (Array[Byte], Peer) => Unit,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ) extends ThreadSafeRpcEndpoint {
    override def receive: PartialFunction[Any, Unit] = {
      case (sender: RpcEndpointRef, bytes: Array[Byte]) => onMessage(bytes, SparkPeer(sender))
    }

    override def receiveAndReply(context: RpcCallContext): PartialFunction[Any, Unit] = {
      case question: Array[Byte] => answer(question, context.reply)
    }
  }
}
