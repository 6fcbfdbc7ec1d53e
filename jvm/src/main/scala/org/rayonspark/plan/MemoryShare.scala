package org.rayonspark.plan

import org.rayonspark.conf.ByteSize

/**
 * The memory that one node may use beside its Spark JVM.
 *
 * @param limit
 *   what node and JVM may use together
 * @param heap
 *   what the JVM's heap may take of it
 * @param hostPart
 *   None where a container or cgroup sets the limit; else the host's available bytes and the nodes
 *   that share them
 */
final case class MemoryShare(limit: Long, heap: Long, hostPart: Option[(Long, Int)]) {
  val bytes: Long = math.max(0L, limit - heap - MemoryShare.overhead)

  override def toString: String = {
    val basis = hostPart.fold("its limit of ") { case (available, nodes) =>
      val among = if (nodes == 1) "" else s" among $nodes nodes"
      s"${ByteSize.format(available)} available on the host$among, "
    }
    val part = if (hostPart.exists(_._2 == 1)) "" else ByteSize.format(limit) + " "
    s"$basis${part}less ${ByteSize.format(heap)} of JVM heap and " +
      s"${ByteSize.format(MemoryShare.overhead)} for the rest of the JVM"
  }
}

object MemoryShare {

  /**
   * Spark's own least overhead of a JVM: its code, its threads, its buffers outside of the heap.
   */
  val overhead: Long = 384L * 1024 * 1024

  def of(offer: MemoryOffer, nodesOnHost: Int): MemoryShare = {
    val part = offer.available / nodesOnHost
    offer.limit match {
      case Some(limit) if limit <= part => MemoryShare(limit, offer.heap, None)
      case _ => MemoryShare(part, offer.heap, Some((offer.available, nodesOnHost)))
    }
  }
}
