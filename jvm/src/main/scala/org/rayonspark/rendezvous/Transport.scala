package org.rayonspark.rendezvous

/**
 * Carries bytes between the driver and the executors of one application, both ways, over a
 * connection that the executor opened. Bytes of one sender to one mailbox arrive in order.
 */
trait Transport {

  /** Opens a mailbox; `receive` is called from one thread at a time and must not block. */
  def open(name: String, receive: (Array[Byte], Peer) => Unit): Mailbox

  /**
   * The driver's mailbox of that name.
   *
   * @throws java.io.IOException
   *   when the driver has no such mailbox (any more)
   */
  def driver(name: String): Peer
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
