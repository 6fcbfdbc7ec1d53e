package org.rayonspark.plan

import org.rayonspark.conf.ByteSize

/**
 * The memory that one node may use next to its Spark JVM. All sizes are in bytes.
 *
 * @param limit
 *   memory that the node and the JVM may use together
 * @param heap
 *   maximum JVM heap, which is part of the limit
 * @param hostPart
 *   None if a container or cgroup sets the limit; else the host's available memory, and how many
 *   nodes share it
 */
final case class MemoryShare(limit: Long, heap: Long, hostPart: Option[(Long, Int)]) {
  val bytes: Long = math.max(0L, limit - heap - MemoryShare.overhead)

  /** What a user can do to get a larger share. */
  def advice(node: NodeIdentity): String = hostPart match {
    case None => s"raise ${node.setting("memoryOverhead")}, or lower ${node.setting("memory")}"
    case Some((_, 1)) => s"lower ${node.setting("memory")}, or use a host with more memory"
    case Some(_) => s"lower ${node.setting("memory")}, or use fewer executors on the host"
  }

  /** Explains how the share is calculated. */
  override def toString: String = {
    val basis = hostPart match {
      case None => s"its limit of ${ByteSize.format(limit)}"
      case Some((available, 1)) => s"${ByteSize.format(available)} available on the host,"
      case Some((available, nodes)) =>
        s"${ByteSize.format(available)} available on the host among $nodes nodes, " +
          s"${ByteSize.format(limit)} each,"
    }
    s"$basis minus ${ByteSize.format(heap)} of JVM heap and " +
      s"${ByteSize.format(MemoryShare.overhead)} for the rest of the JVM"
  }
}

object MemoryShare {

  /**
   * Spark's own minimum overhead of a JVM, for its code, threads and buffers outside of the heap.
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
