package org.rayonspark.data

import scala.collection.immutable.{SortedMap, VectorMap}

/**
 * All that the driver knows of one export: which blocks there are, and how far each has come. Pure:
 * every method gives the state after it.
 *
 * @param blocks
 *   by id, as they were first written
 * @param ended
 *   how many blocks a partition has, once that is known
 * @param ready
 *   ids of the blocks that nobody has taken yet
 */
final case class ExportState(
    blocks: VectorMap[Long, ExportState.Block] = VectorMap.empty,
    ended: Map[Int, Int] = Map.empty,
    ready: Vector[Long] = Vector.empty
) {
  import ExportState._

  private def ofPartition(partition: Int): SortedMap[Int, Block] =
    SortedMap.from(blocks.values.collect {
      case b if b.staged.partition == partition => b.staged.sequence -> b
    })

  /** What an attempt at a partition must know of the attempts before it. */
  def known(partition: Int): ExportAnswer.Known = {
    val blocks = ofPartition(partition)
    // Without a gap: behind a block that is missing the rows are not known.
    val run = blocks.values.zipWithIndex.takeWhile { case (b, i) => b.staged.sequence == i }
    ExportAnswer.Known(
      run.map { case (b, _) => KnownBlock(b.staged.rows, b.stage == Stage.Lost) }.toVector,
      ended.get(partition).contains(run.size)
    )
  }

  /** A block is there; None when another attempt was quicker. */
  def written(block: StagedBlock): Option[ExportState] = {
    val before = ofPartition(block.partition).get(block.sequence)
    before match {
      case Some(b) if b.stage != Stage.Lost => None
      case Some(b) => Some(put(block.copy(id = b.staged.id)))
      case None => Some(put(block.copy(id = blocks.size.toLong)))
    }
  }

  private def put(block: StagedBlock): ExportState = copy(
    blocks = blocks.updated(block.id, Block(block, Stage.Staged)),
    ready = ready :+ block.id
  )

  def end(partition: Int, count: Int): ExportState = copy(ended = ended.updated(partition, count))

  /** Hands out all that is ready. */
  def take: (ExportState, Vector[StagedBlock]) =
    (copy(ready = Vector.empty), ready.map(blocks(_).staged))

  /** These blocks are loaded; those that were staged until now. */
  def release(ids: Vector[Long]): (ExportState, Vector[StagedBlock]) = {
    val staged = ids.flatMap(blocks.get).filter(_.stage == Stage.Staged)
    (move(staged, Stage.Loaded), staged.map(_.staged))
  }

  /** What was staged beside other nodes than these (executor, Ray node) is gone. */
  def keepOnly(nodes: Set[(String, String)]): (ExportState, Vector[StagedBlock]) = {
    val gone = blocks.values
      .filter(b => b.stage == Stage.Staged && !nodes((b.staged.executorId, b.staged.rayNodeId)))
      .toVector
    (lose(gone), gone.map(_.staged))
  }

  /** The block is wanted once more; with it, what is still staged of it. */
  def want(id: Long): (ExportState, Vector[StagedBlock]) = {
    val block = blocks.get(id).toVector
    (lose(block), block.filter(_.stage == Stage.Staged).map(_.staged))
  }

  def takeOne(id: Long): (ExportState, StagedBlock) =
    (copy(ready = ready.filterNot(_ == id)), blocks(id).staged)

  def hasLost: Boolean = blocks.values.exists(_.stage == Stage.Lost)

  def lostPartitions: Vector[Int] =
    blocks.values.filter(_.stage == Stage.Lost).map(_.staged.partition).toVector.distinct

  def staged: Vector[StagedBlock] =
    blocks.values.filter(_.stage == Stage.Staged).map(_.staged).toVector

  private def lose(gone: Vector[Block]): ExportState = {
    val ids = gone.map(_.staged.id).toSet
    move(gone, Stage.Lost).copy(ready = ready.filterNot(ids))
  }

  private def move(some: Vector[Block], stage: Stage): ExportState =
    copy(blocks =
      some.foldLeft(blocks)((all, b) => all.updated(b.staged.id, b.copy(stage = stage)))
    )
}

object ExportState {

  /** How far a block has come. */
  sealed trait Stage
  object Stage {
    case object Staged extends Stage
    case object Loaded extends Stage
    case object Lost extends Stage
  }

  final case class Block(staged: StagedBlock, stage: Stage)
}
