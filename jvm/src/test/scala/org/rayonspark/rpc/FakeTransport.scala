package org.rayonspark.rpc

import scala.concurrent.Future

/** A transport that carries nothing: a suite overrides what it uses. */
trait FakeTransport extends Transport {
  override def driver(name: String): EndpointRef = new EndpointRef {}
  override def check(peer: EndpointRef): Future[Unit] = Future.unit

  override def ask(peer: EndpointRef, request: Array[Byte]): Future[Array[Byte]] =
    Future.failed(new UnsupportedOperationException)

  override def open(
      name: String,
      receive: (Array[Byte], EndpointRef) => Unit,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): Endpoint = throw new UnsupportedOperationException

  override def serve(
      name: String,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): AutoCloseable = throw new UnsupportedOperationException
}
