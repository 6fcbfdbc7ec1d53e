package org.rayonspark.rendezvous

import scala.concurrent.Future

/**
 * Carries bytes between the driver and the executors of one application, both ways, over a
 * connection that the executor opened. Bytes of one sender to one mailbox arrive in order.
 */
trait Transport {

  /**
   * Opens a mailbox for messages and questions. `receive` and `answer` are called from one thread
   * at a time and must not block; an answer may be given later and from any thread.
   */
  def open(
      name: String,
      receive: (Array[Byte], Peer) => Unit,
      answer: (Array[Byte], Array[Byte] => Unit) => Unit
  ): Mailbox

  /**
   * The driver's mailbox of that name.
   *
   * @throws java.io.IOException
   *   when the driver has no such mailbox (any more)
   */
  def driver(name: String): Peer

  /**
   * Answers questions under that name until the result is closed. `answer` gets a question and what
   * takes its answer, which may be called later and from any thread; it must not block.
   */
  def serve(name: String, answer: (Array[Byte], Array[Byte] => Unit) => Unit): AutoCloseable

  /** A peer's answer to a question; fails when the peer is gone. It has no time limit. */
  def ask(peer: Peer, question: Array[Byte]): Future[Array[Byte]]
}

/** A mailbox on this side. */
trait Mailbox extends AutoCloseable {

  /**
   * Sends to `peer`, naming this mailbox as the sender. A peer that is gone is logged, not thrown.
   */
  def send(peer: Peer, message: Array[Byte]): Unit

  override def close(): Unit
}

/** A mailbox somewhere else. */
trait Peer
