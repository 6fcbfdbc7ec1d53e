package org.rayonspark.plan

import org.rayonspark.conf.ObjectStore
import org.rayonspark.plan.PlanError.{
  MemoryOverShare,
  ShareTooSmall,
  SharedMemoryTooSmall,
  StagingOverShare,
  StoreOverShare,
  StoreOverSharedMemory
}

/**
 * How a node divides its share of memory, in bytes.
 *
 * @param memory
 *   for the heaps of Ray's workers
 * @param stagingMemory
 *   for what is on its way between Spark and Ray
 */
final case class Sizing(memory: Long, objectStoreMemory: Long, stagingMemory: Long)

object Sizing {

  // Ray's own proportion (`DEFAULT_OBJECT_STORE_MEMORY_PROPORTION`), in percent.
  private val storePercent: Long = 30

  // Of the object store: what waits in staging is soon in the store.
  private val stagingPart: Long = 4

  // Ray's own allowance, since others use /dev/shm too (`resolve_object_store_memory`), in percent.
  private val sharedMemoryPercent: Long = 95

  /** The share whose object store has the least size that Ray takes. */
  val leastShare: Long = ObjectStore.minimum * 100 / storePercent

  /**
   * @param onDisk
   *   whether the user put the object store elsewhere than in /dev/shm
   */
  final case class Wishes(
      memory: Option[Long],
      objectStoreMemory: Option[Long],
      stagingMemory: Option[Long],
      onDisk: Boolean
  )

  /** Fails where the offer cannot hold what is asked. */
  def of(offer: Offer, nodesOnHost: Int, wishes: Wishes): Either[PlanError, Sizing] = {
    val node = NodeIdentity.of(offer)
    val share = MemoryShare.of(offer.memory, nodesOnHost)
    val sharedMemory = offer.sharedMemory.filterNot(_ => wishes.onDisk)
    for {
      _ <- Either.cond(share.bytes >= leastShare, (), ShareTooSmall(node, share, leastShare))
      store <- wishes.objectStoreMemory match {
        case Some(asked) => fitted(node, asked, share, sharedMemory, nodesOnHost)
        case None => proportion(node, share, sharedMemory, nodesOnHost)
      }
      rest = share.bytes - store
      memory = wishes.memory.getOrElse(rest)
      _ <- Either.cond(memory <= rest, (), MemoryOverShare(node, memory, store, share))
      staging = wishes.stagingMemory.getOrElse(store / stagingPart)
      _ <- Either.cond(staging < share.bytes, (), StagingOverShare(node, staging, share))
    } yield Sizing(memory, store, staging)
  }

  /**
   * The head beside a driver offers nothing that runs Spark's work, so what is asked of the nodes
   * counts for it only as far as it can give it.
   */
  def ofHead(offer: Offer, nodesOnHost: Int, wishes: Wishes): Either[PlanError, Sizing] =
    of(offer, nodesOnHost, wishes.copy(memory = None))
      .orElse(of(offer, nodesOnHost, Wishes(None, None, None, wishes.onDisk)))

  private def fitted(
      node: NodeIdentity,
      store: Long,
      share: MemoryShare,
      sharedMemory: Option[Long],
      nodesOnHost: Int
  ): Either[PlanError, Long] =
    sharedMemory.filter(free => store > free / nodesOnHost) match {
      case Some(free) => Left(StoreOverSharedMemory(node, store, free, nodesOnHost))
      case None => Either.cond(store < share.bytes, store, StoreOverShare(node, store, share))
    }

  private def proportion(
      node: NodeIdentity,
      share: MemoryShare,
      sharedMemory: Option[Long],
      nodesOnHost: Int
  ): Either[PlanError, Long] = {
    val wanted = share.bytes * storePercent / 100
    val free = sharedMemory.map(_ / nodesOnHost * sharedMemoryPercent / 100)
    val store = free.fold(wanted)(math.min(wanted, _))
    Either.cond(
      store >= ObjectStore.minimum,
      store,
      SharedMemoryTooSmall(node, sharedMemory.getOrElse(0L), nodesOnHost)
    )
  }
}
