package org.apache.spark.rayonspark

import org.apache.spark.network.buffer.ManagedBuffer
import org.apache.spark.network.client.{RpcResponseCallback, StreamCallbackWithID, TransportClient}
import org.apache.spark.network.server.{RpcHandler, StreamManager}

import java.nio.ByteBuffer
import scala.util.control.NonFatal

/**
 * Reports a failure by its message only. Spark would send its whole stack trace, even to a peer
 * that has not authenticated.
 */
private[rayonspark] final class TerseHandler(handler: RpcHandler) extends RpcHandler {

  override def receive(
      client: TransportClient,
      message: ByteBuffer,
      callback: RpcResponseCallback
  ): Unit = {
    val terse = new TerseHandler.Callback(callback)
    try handler.receive(client, message, terse)
    catch { case NonFatal(e) => terse.onFailure(e) }
  }

  override def receive(client: TransportClient, message: ByteBuffer): Unit =
    throw new TerseFailure(TerseHandler.onlyRequests)

  override def receiveStream(
      client: TransportClient,
      header: ByteBuffer,
      callback: RpcResponseCallback
  ): StreamCallbackWithID = throw new TerseFailure(TerseHandler.onlyRequests)

  override def getMergedBlockMetaReqHandler: RpcHandler.MergedBlockMetaReqHandler =
    throw new TerseFailure(TerseHandler.onlyRequests)

  override def getStreamManager: StreamManager = NoStreams
  override def channelActive(client: TransportClient): Unit = handler.channelActive(client)
  override def channelInactive(client: TransportClient): Unit = handler.channelInactive(client)

  override def exceptionCaught(cause: Throwable, client: TransportClient): Unit =
    handler.exceptionCaught(cause, client)
}

private[rayonspark] object TerseHandler {
  val onlyRequests = "This server answers only requests."

  private final class Callback(callback: RpcResponseCallback) extends RpcResponseCallback {
    override def onSuccess(response: ByteBuffer): Unit = callback.onSuccess(response)
    override def onFailure(e: Throwable): Unit =
      callback.onFailure(new TerseFailure(Option(e.getMessage).getOrElse(e.getClass.getName)))
  }
}

/** An error without a stack trace, so that only its message is sent. */
private[rayonspark] final class TerseFailure(message: String)
    extends RuntimeException(message, null, false, false)

/** Refuses to serve streams and chunks, which this server does not have. */
private[rayonspark] object NoStreams extends StreamManager {
  override def getChunk(streamId: Long, chunk: Int): ManagedBuffer =
    throw new TerseFailure(TerseHandler.onlyRequests)

  override def openStream(streamId: String): ManagedBuffer =
    throw new TerseFailure(TerseHandler.onlyRequests)
}
