package org.rayonspark.data

/**
 * All that the driver knows of one export: which blocks there are, and how far each has come. Pure:
 * every method gives the state after it.
 *
 * {{{
 *   written ──► Staged ──take──► Taken ──release──► Loaded
 *                 │ node gone      │ want             │ want
 *                 └──────────► Lost ◄─────────────────┘    (written again: Staged)
 * }}}
 *
 * @param partitions
 *   by number; those of which nothing is written are not there
 * @param ids
 *   partition and sequence of each block, by its id
 * @param ready
 *   ids of the staged blocks that nobody has taken yet, in the order of their coming
 */
private[data] final case class ExportState(
    sameness: Sameness = Sameness.Same,
    partitions: Map[Int, ExportState.Partition] = Map.empty,
    ids: Vector[(Int, Int)] = Vector.empty,
    ready: Vector[Long] = Vector.empty
) {
  import ExportState._

  /** The plan's rows are known. */
  def repeats(how: Sameness): ExportState = copy(sameness = how)

  /**
   * What an attempt at a partition must know of the attempts before it; or why it may not go on:
   * what it would add does not fit what they have written.
   */
  def known(partition: Int): Either[String, ExportAnswer.Known] =
    partitions.get(partition) match {
      case None => Right(ExportAnswer.Known(Vector.empty, whole = false))
      case Some(p) if p.isComplete || fits(p) =>
        Right(
          ExportAnswer
            .Known(p.blocks.map(b => KnownBlock(b.staged.rows, b.stage == Stage.Lost)), p.whole)
        )
      case Some(_) =>
        Left(
          s"Partition $partition is encoded a second time, and its rows may be other ones or in " +
            s"another order than those that Ray already has. Cache or checkpoint the DataFrame, " +
            "and move it again."
        )
    }

  private def fits(p: Partition): Boolean = sameness match {
    case Sameness.Same => true
    case Sameness.Unordered => p.whole && p.blocks.size == 1
    case Sameness.Different => false
  }

  /** A block is there; None when another attempt was quicker. */
  def written(block: StagedBlock, attempt: Long, last: Boolean): Option[ExportState] = {
    val before = partitions.getOrElse(block.partition, Partition(attempt))
    before.blocks.lift(block.sequence) match {
      case Some(b) if b.stage == Stage.Lost =>
        Some(put(before.copy(attempt = attempt), block.copy(id = b.staged.id), last))
      case None if block.sequence == before.blocks.size && mayAdd(before, attempt) =>
        val next = block.copy(id = ids.size.toLong)
        Some(copy(ids = ids :+ (block.partition -> block.sequence)).put(before, next, last))
      case _ => None
    }
  }

  /** The blocks of two attempts make one partition only when their rows are the same. */
  private def mayAdd(p: Partition, attempt: Long): Boolean =
    !p.whole && (sameness == Sameness.Same || p.attempt == attempt)

  private def put(partition: Partition, block: StagedBlock, last: Boolean): ExportState = copy(
    partitions = partitions.updated(block.partition, partition.put(block, last)),
    ready = ready :+ block.id
  )

  /** Hands out all that is ready. */
  def take: (ExportState, Vector[StagedBlock]) = {
    val taken = ready.map(block(_).staged)
    (taken.foldLeft(copy(ready = Vector.empty))(_.move(_, Stage.Taken)), taken)
  }

  /** Hands out one block, if it is staged. */
  def take(id: Long): Option[(ExportState, StagedBlock)] =
    find(id).filter(b => b.stage == Stage.Staged || b.stage == Stage.Taken).map { b =>
      (copy(ready = ready.filterNot(_ == id)).move(b.staged, Stage.Taken), b.staged)
    }

  /** These blocks are loaded; those that were not until now. */
  def release(some: Vector[Long]): (ExportState, Vector[StagedBlock]) = {
    val taken = some.flatMap(find).filter(_.stage == Stage.Taken).map(_.staged)
    (taken.foldLeft(this)(_.move(_, Stage.Loaded)), taken)
  }

  /**
   * Nodes (executor, Ray node) are gone but these, and what was staged there and not taken is lost.
   * What was taken is its taker's to want again.
   */
  def keepOnly(nodes: Set[(String, String)]): (ExportState, Vector[StagedBlock]) = {
    val gone =
      ready.map(block(_).staged).filterNot(b => nodes((b.executorId, b.rayNodeId)))
    (gone.foldLeft(this)(_.lose(_)), gone)
  }

  /** The block is wanted once more; with it, its file if there is still one. */
  def want(id: Long): (ExportState, Option[StagedBlock]) = find(id) match {
    case Some(b) => (lose(b.staged), Option.when(b.stage.hasFile)(b.staged))
    case None => (this, None)
  }

  def lostPartitions: Vector[Int] =
    partitions
      .collect { case (number, p) if p.blocks.exists(_.stage == Stage.Lost) => number }
      .toVector
      .sorted

  def hasLost: Boolean = partitions.values.exists(_.blocks.exists(_.stage == Stage.Lost))

  /** Every block that has been written, as it was written last. */
  def written: Vector[StagedBlock] = partitions.values.flatMap(_.blocks.map(_.staged)).toVector

  /** Every block whose file is there. */
  def staged: Vector[StagedBlock] =
    partitions.values.flatMap(_.blocks.filter(_.stage.hasFile).map(_.staged)).toVector

  private def find(id: Long): Option[Block] = ids.lift(id.toInt).map { case (p, s) =>
    partitions(p).blocks(s)
  }

  private def block(id: Long): Block = find(id).get

  private def lose(block: StagedBlock): ExportState =
    copy(ready = ready.filterNot(_ == block.id)).move(block, Stage.Lost)

  private def move(block: StagedBlock, stage: Stage): ExportState = copy(
    partitions = partitions.updatedWith(block.partition)(_.map(_.move(block.sequence, stage)))
  )
}

private[data] object ExportState {

  /** How far a block has come. */
  sealed abstract class Stage(val hasFile: Boolean)
  object Stage {
    case object Staged extends Stage(true)
    case object Taken extends Stage(true)
    case object Loaded extends Stage(false)
    case object Lost extends Stage(false)
  }

  final case class Block(staged: StagedBlock, stage: Stage)

  /**
   * @param attempt
   *   who has written last
   * @param whole
   *   whether there are no blocks but these
   */
  final case class Partition(
      attempt: Long,
      blocks: Vector[Block] = Vector.empty,
      whole: Boolean = false
  ) {
    def isComplete: Boolean = whole && !blocks.exists(_.stage == Stage.Lost)

    def put(block: StagedBlock, last: Boolean): Partition = {
      val staged = Block(block, Stage.Staged)
      copy(
        blocks =
          if (block.sequence < blocks.size) blocks.updated(block.sequence, staged)
          else blocks :+ staged,
        whole = whole || last
      )
    }

    def move(sequence: Int, stage: Stage): Partition =
      copy(blocks = blocks.updated(sequence, blocks(sequence).copy(stage = stage)))
  }
}
