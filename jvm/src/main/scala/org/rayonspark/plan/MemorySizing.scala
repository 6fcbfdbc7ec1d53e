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
 *   memory for the heaps of Ray's workers
 * @param stagingMemory
 *   memory for data in transit between Spark and Ray
 */
final case class MemorySizing(memory: Long, objectStoreMemory: Long, stagingMemory: Long)

object MemorySizing {

  // Ray's default share of the object store (`DEFAULT_OBJECT_STORE_MEMORY_PROPORTION`), in percent.
  private val storePercent: Long = 30

  // Staging gets this fraction of the object store, because staged data soon moves to the store.
  private val stagingPart: Long = 4

  // Ray's own limit in percent, since others use /dev/shm too (`resolve_object_store_memory`).
  private val sharedMemoryPercent: Long = 95

  /** The smallest share: its object store has the minimum size that Ray accepts. */
  val minShare: Long = ObjectStore.minimum * 100 / storePercent

  /**
   * The sizes that the user has set, in bytes.
   *
   * @param onDisk
   *   whether the user has put the object store somewhere other than /dev/shm
   */
  final case class Requested(
      memory: Option[Long],
      objectStoreMemory: Option[Long],
      stagingMemory: Option[Long],
      onDisk: Boolean
  )

  /** Returns the sizes, or an error if the requested ones do not fit into the offer. */
  def of(
      offer: ResourceOffer,
      nodesOnHost: Int,
      requested: Requested
  ): Either[PlanError, MemorySizing] = {
    val node = NodeIdentity.of(offer)
    val share = MemoryShare.of(offer.memory, nodesOnHost)
    val sharedMemory = offer.sharedMemory.filterNot(_ => requested.onDisk)
    for {
      _ <- Either.cond(share.bytes >= minShare, (), ShareTooSmall(node, share, minShare))
      store <- requested.objectStoreMemory match {
        case Some(size) => fitted(node, size, share, sharedMemory, nodesOnHost)
        case None => proportion(node, share, sharedMemory, nodesOnHost)
      }
      rest = share.bytes - store
      memory = requested.memory.getOrElse(rest)
      _ <- Either.cond(memory <= rest, (), MemoryOverShare(node, memory, store, share))
      staging = requested.stagingMemory.getOrElse(store / stagingPart)
      _ <- Either.cond(staging < share.bytes, (), StagingOverShare(node, staging, share))
    } yield MemorySizing(memory, store, staging)
  }

  /**
   * Returns the sizes of a head next to a driver. The user's sizes are meant for the executors'
   * nodes, so the head uses them only as far as they fit. It ignores `memory`, and falls back to
   * the defaults if the other sizes do not fit.
   */
  def ofHead(
      offer: ResourceOffer,
      nodesOnHost: Int,
      requested: Requested
  ): Either[PlanError, MemorySizing] =
    of(offer, nodesOnHost, requested.copy(memory = None))
      .orElse(of(offer, nodesOnHost, Requested(None, None, None, requested.onDisk)))

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
