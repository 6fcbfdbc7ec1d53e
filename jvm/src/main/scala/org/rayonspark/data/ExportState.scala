package org.rayonspark.data

/**
 * The driver's state of one export: its blocks, whether their files exist, and what each reader of
 * a block needs. Pure: every method returns the next state.
 *
 * {{{
 *   a reader's need:  Idle ──want──► Waiting ──take──► Reading ──release──► Idle
 *                                       ▲                 │ want
 *                                       └─────────────────┘
 *   a block's file:   written ──► exists ──no reader, node gone, want──► deleted
 *   a lost block:     a reader waits, and there is no file
 * }}}
 *
 * When a block is written for the first time, the load waits for it.
 *
 * @param partitions
 *   partitions with at least one written block, by number
 * @param ids
 *   partition and sequence number of each block, indexed by the block's id
 * @param ready
 *   ids of the blocks that have a file and a waiting reader, oldest first
 * @param unloaded
 *   number of blocks that the load still needs
 * @param lost
 *   number of blocks that must be encoded again
 */
private[data] final case class ExportState(
    level: DeterministicLevel = DeterministicLevel.Determinate,
    partitions: Map[Int, ExportState.Partition] = Map.empty,
    ids: Vector[(Int, Int)] = Vector.empty,
    ready: Map[BlockReader, Vector[Long]] = ExportState.noneReady,
    unloaded: Int = 0,
    lost: Int = 0
) {
  import ExportState._

  /** Records how deterministic the plan's rows are. */
  def withLevel(how: DeterministicLevel): ExportState = copy(level = how)

  /**
   * Returns what an attempt at a partition must know of earlier attempts; or why it must not
   * continue, because its rows may not match what they have written.
   */
  def known(partition: Int): Either[String, ExportResponse.KnownBlocks] =
    partitions.get(partition) match {
      case None => Right(ExportResponse.KnownBlocks(Vector.empty, whole = false))
      case Some(p) if p.isComplete || fits(p) =>
        Right(
          ExportResponse.KnownBlocks(
            p.blocks.map(b => KnownBlock(b.staged.rows, b.isLost)),
            p.whole
          )
        )
      case Some(_) =>
        Left(
          s"Partition $partition is encoded a second time, and its rows or their order may differ" +
            " from what Ray already has. Cache or checkpoint the DataFrame, then move it again."
        )
    }

  private def fits(p: Partition): Boolean = level match {
    case DeterministicLevel.Determinate => true
    case DeterministicLevel.Unordered => p.whole && p.blocks.size == 1
    case DeterministicLevel.Indeterminate => false
  }

  /** Adds a block; None when another attempt was faster. */
  def written(block: StagedBlock, attempt: Long, last: Boolean): Option[ExportState] = {
    val before = partitions.getOrElse(block.partition, Partition(attempt))
    before.blocks.lift(block.sequence) match {
      case Some(b) if b.isLost =>
        val again = b.copy(staged = block.copy(id = b.staged.id), hasFile = true)
        Some(put(before.copy(attempt = attempt, whole = before.whole || last), again))
      case None if block.sequence == before.blocks.size && mayAdd(before, attempt) =>
        val next = Block(block.copy(id = ids.size.toLong), hasFile = true, load = Need.Waiting)
        Some(
          copy(ids = ids :+ (block.partition -> block.sequence))
            .put(before.copy(whole = before.whole || last), next)
        )
      case _ => None
    }
  }

  /** The blocks of two attempts form one partition only if both attempts have the same rows. */
  private def mayAdd(p: Partition, attempt: Long): Boolean =
    !p.whole && (level == DeterministicLevel.Determinate || p.attempt == attempt)

  private def put(partition: Partition, block: Block): ExportState =
    BlockReader.all
      .filter(block.need(_) == Need.Waiting)
      .foldLeft(set(partition, block))(_.enqueue(_, block.staged.id))

  /** Hands out all blocks that are ready for a reader. */
  def take(reader: BlockReader): (ExportState, Vector[StagedBlock]) = {
    val taken = ready(reader).map(block)
    val after = copy(ready = ready.updated(reader, Vector.empty))
    (taken.foldLeft(after)((s, b) => s.set(b.needed(reader, Need.Reading))), taken.map(_.staged))
  }

  /** A reader has read these blocks. Returns those whose files no reader needs any more. */
  def release(reader: BlockReader, some: Vector[Long]): (ExportState, Vector[StagedBlock]) = {
    val read = some.distinct.flatMap(find).filter(_.need(reader) == Need.Reading)
    read.foldLeft((this, Vector.empty[StagedBlock])) { case ((state, gone), before) =>
      val block = before.needed(reader, Need.Idle)
      if (block.hasFile && block.isIdle)
        (state.set(block.copy(hasFile = false)), gone :+ block.staged)
      else (state.set(block), gone)
    }
  }

  /**
   * Drops the files of ready blocks on all nodes (executor, Ray node) except these; the blocks are
   * lost. Blocks that were handed out are left alone: their readers ask for them again.
   */
  def keepOnly(nodes: Set[(String, String)]): (ExportState, Vector[StagedBlock]) = {
    val gone = ready.values.flatten.toVector.distinct.sorted
      .map(block)
      .filterNot(b => nodes((b.staged.executorId, b.staged.rayNodeId)))
    (gone.foldLeft(this)(_.dropFile(_)), gone.map(_.staged))
  }

  /**
   * A reader needs a block again, because the file at path `gone` is missing. If the block has
   * another file by now, it is ready at once. Otherwise it is lost until it is written again; the
   * file that this state still records for it, if any, is returned for deletion.
   */
  def want(reader: BlockReader, id: Long, gone: String): (ExportState, Option[StagedBlock]) =
    find(id) match {
      case Some(b) if b.hasFile && b.staged.path != gone =>
        (set(b.needed(reader, Need.Waiting)).enqueue(reader, id), None)
      case Some(b) =>
        val waits = b.needed(reader, Need.Waiting)
        (dropFile(waits), Option.when(b.hasFile)(b.staged))
      case None => (this, None)
    }

  def lostPartitions: Vector[Int] =
    partitions.collect { case (number, p) if p.blocks.exists(_.isLost) => number }.toVector.sorted

  def hasLost: Boolean = lost > 0

  /** Returns every block that has been written, in its latest version. */
  def written: Vector[StagedBlock] = partitions.values.flatMap(_.blocks.map(_.staged)).toVector

  /** Returns every block that has a file. */
  def staged: Vector[StagedBlock] =
    partitions.values.flatMap(_.blocks.filter(_.hasFile).map(_.staged)).toVector

  private def find(id: Long): Option[Block] = ids.lift(id.toInt).map { case (p, s) =>
    partitions(p).blocks(s)
  }

  private def block(id: Long): Block = find(id).get

  private def enqueue(reader: BlockReader, id: Long): ExportState =
    copy(ready = ready.updated(reader, ready(reader).filterNot(_ == id) :+ id))

  private def dropFile(block: Block): ExportState =
    set(block.copy(hasFile = false))
      .copy(ready = ready.map { case (r, some) => r -> some.filterNot(_ == block.staged.id) })

  private def set(block: Block): ExportState = set(partitions(block.staged.partition), block)

  /** The only place where a block changes, so that the counts always match the blocks. */
  private def set(partition: Partition, block: Block): ExportState = {
    val sequence = block.staged.sequence
    val before = partition.blocks.lift(sequence)
    val blocks =
      if (before.isDefined) partition.blocks.updated(sequence, block)
      else partition.blocks :+ block
    def change(count: Block => Boolean): Int =
      (if (count(block)) 1 else 0) - (if (before.exists(count)) 1 else 0)
    copy(
      partitions = partitions.updated(block.staged.partition, partition.copy(blocks = blocks)),
      unloaded = unloaded + change(_.load != Need.Idle),
      lost = lost + change(_.isLost)
    )
  }
}

private[data] object ExportState {
  private val noneReady: Map[BlockReader, Vector[Long]] =
    BlockReader.all.map(_ -> Vector.empty[Long]).toMap

  /** What a reader needs of a block: nothing, its next file, or the file that it reads. */
  sealed trait Need
  object Need {
    case object Idle extends Need
    case object Waiting extends Need
    case object Reading extends Need
  }

  final case class Block(
      staged: StagedBlock,
      hasFile: Boolean,
      load: Need,
      retry: Need = Need.Idle
  ) {
    def need(reader: BlockReader): Need = reader match {
      case BlockReader.Load => load
      case BlockReader.Retry => retry
    }

    def needed(reader: BlockReader, need: Need): Block = reader match {
      case BlockReader.Load => copy(load = need)
      case BlockReader.Retry => copy(retry = need)
    }

    def isIdle: Boolean = load == Need.Idle && retry == Need.Idle

    def isLost: Boolean = !hasFile && (load == Need.Waiting || retry == Need.Waiting)
  }

  /**
   * @param attempt
   *   attempt that wrote last
   * @param whole
   *   whether these blocks are all of the partition
   */
  final case class Partition(
      attempt: Long,
      blocks: Vector[Block] = Vector.empty,
      whole: Boolean = false
  ) {
    def isComplete: Boolean = whole && !blocks.exists(_.isLost)
  }
}
