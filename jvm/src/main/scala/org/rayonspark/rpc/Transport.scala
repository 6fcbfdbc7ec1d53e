package org.rayonspark.rpc

import scala.concurrent.Future

/**
 * Carries bytes in both directions between the driver and the executors of one application, over
 * connections that the executors open. Bytes from one sender to one endpoint arrive in order.
 */
trait Transport {

  /**
   * Opens an endpoint for messages and requests. `receive` and `answer` are called from one thread
   * at a time and must not block. `answer` receives a request and the function that replies to it,
   * which may be called later and from any thread.
   */
  def open(
      name: String,
      receive: (Array[Byte], EndpointRef) => Unit,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): Endpoint

  /**
   * Returns a reference to the driver's endpoint of that name.
   *
   * @throws java.io.IOException
   *   if the driver has no such endpoint, or no longer has it
   */
  def driver(name: String): EndpointRef

  /**
   * Answers requests under that name until the result is closed. `answer` receives a request and
   * the function that replies to it, which may be called later and from any thread. `answer` must
   * not block.
   */
  def serve(name: String, answer: (Array[Byte], Array[Byte] => Unit) => Unit): AutoCloseable

  /**
   * Sends a request, and completes with the response of `peer`. Fails if `peer` is gone or cannot
   * answer. There is no time limit: a caller that waits long should use [[check]] meanwhile.
   */
  def ask(peer: EndpointRef, request: Array[Byte]): Future[Array[Byte]]

  /** Completes when `peer` has answered that it is alive. Fails if it is gone. */
  def check(peer: EndpointRef): Future[Unit]
}

/** An endpoint in this JVM. */
trait Endpoint extends AutoCloseable {

  /**
   * Sends to `peer`, with this endpoint as the sender. If `peer` is gone, this is logged and
   * nothing is thrown.
   */
  def send(peer: EndpointRef, message: Array[Byte]): Unit

  override def close(): Unit
}

/** A reference to an endpoint that messages can be sent to. */
trait EndpointRef
