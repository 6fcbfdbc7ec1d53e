package org.rayonspark.data

import org.rayonspark.RayOnSparkException

/**
 * All that the driver knows of one Dataset on its way to Spark: where its blocks are staged, and
 * who reads them. Pure: every method gives the state after it.
 *
 * {{{
 *   want ──► Asked ──granted──► Claimed ──staged──► Ready ──giveUp──► (gone)
 *            waits for room     a demand            pinned by its readers
 * }}}
 *
 * @param files
 *   by path: what is staged, or on its way
 * @param demands
 *   what shall be written and nobody has taken yet, in the order of its coming
 * @param made
 *   how many files there have been: no path is used twice
 * @param clock
 *   counts the uses, so that the one that is longest ago can be found
 * @param reading
 *   what was read until now
 * @param over
 *   why nobody reads any more
 */
private[data] final case class ImportState(
    files: Map[String, ImportState.File] = Map.empty,
    demands: Vector[Demand] = Vector.empty,
    made: Long = 0,
    clock: Long = 0,
    reading: ImportState.Reading = ImportState.Reading(),
    over: Option[RayOnSparkException] = None
) {
  import ImportState._

  /** A block is wanted at that place, by a reader or before there is one. */
  def want(
      block: Int,
      bytes: Long,
      place: StagingPlace,
      directory: String,
      reader: Option[ImportReader]
  ): (ImportState, Want) = find(block, place.executorId) match {
    case Some((path, file)) if file.stage == Stage.Ready =>
      (reader.fold(this)(r => pin(path, r.executorId)), Want.Ready(path))
    case Some((path, _)) =>
      (change(path)(f => f.copy(waiting = f.waiting ++ reader)), Want.OnItsWay)
    case None =>
      val path = s"$directory/$block-${made + 1}.arrow"
      val file = File(block, place.executorId, bytes, Stage.Asked, reader.toVector, used = clock)
      (
        copy(files = files.updated(path, file), made = made + 1),
        Want.Claim(Demand(block, place.executorId, place.rayNodeId, path), bytes)
      )
  }

  /** There is room for a file; false when it is not wanted any more. */
  def granted(demand: Demand): (ImportState, Boolean) =
    if (files.contains(demand.path))
      (
        change(demand.path)(_.copy(stage = Stage.Claimed)).copy(demands = demands :+ demand),
        true
      )
    else (this, false)

  /** Hands out what shall be written next. */
  def take: (ImportState, Option[Demand]) = (copy(demands = demands.drop(1)), demands.headOption)

  /**
   * A file is there, with so many bytes. With it come the file as it was and those who have waited
   * for it, who read it from now on; nothing when it is not wanted any more.
   */
  def staged(path: String, bytes: Long): (ImportState, Option[File]) = files.get(path) match {
    case None => (this, None)
    case Some(file) =>
      val ready = file.copy(stage = Stage.Ready, bytes = bytes, waiting = Vector.empty)
      val there = copy(files = files.updated(path, ready))
      (file.waiting.foldLeft(there)((s, r) => s.pin(path, r.executorId)), Some(file))
  }

  /** A reader in that executor no longer needs the file. */
  def unpin(path: String, executorId: String): ImportState =
    change(path)(f => f.copy(pins = f.pins.diff(Vector(executorId))))

  /** A file is not there, or will never be. */
  def drop(path: String): (ImportState, Option[File]) =
    (copy(files = files - path, demands = demands.filterNot(_.path == path)), files.get(path))

  /**
   * Of that executor's staging, the file goes that nobody who lives reads, and whose last use is
   * longest ago.
   */
  def giveUp(
      executorId: String,
      alive: String => Boolean
  ): (ImportState, Option[(String, File)]) = {
    val eldest = files
      .filter { case (_, f) =>
        f.executorId == executorId && f.stage == Stage.Ready && !f.pins.exists(alive)
      }
      .minByOption { case (_, f) => f.used }
    (eldest.fold(this) { case (path, _) => copy(files = files - path) }, eldest)
  }

  /** A reader has been told to read so many bytes, on their host or not. */
  def read(bytes: Long, local: Boolean): ImportState = copy(reading = reading.add(bytes, local))

  /**
   * Nobody reads any more. With it come all files that were there or on their way, the first time.
   */
  def end(why: RayOnSparkException): (ImportState, Option[Vector[(String, File)]]) =
    if (over.isDefined) (this, None)
    else
      (copy(files = Map.empty, demands = Vector.empty, over = Some(why)), Some(files.toVector))

  private def find(block: Int, executorId: String): Option[(String, File)] =
    files.find { case (_, f) => f.block == block && f.executorId == executorId }

  private def pin(path: String, executorId: String): ImportState =
    copy(clock = clock + 1)
      .change(path)(f => f.copy(pins = f.pins :+ executorId, used = clock + 1))

  private def change(path: String)(step: File => File): ImportState =
    copy(files = files.updatedWith(path)(_.map(step)))
}

private[data] object ImportState {

  /** How far a file has come. */
  sealed trait Stage extends Product with Serializable
  object Stage {
    case object Asked extends Stage
    case object Claimed extends Stage
    case object Ready extends Stage
  }

  /**
   * @param waiting
   *   who reads it when it is there
   * @param pins
   *   the executors of the tasks that read it now
   */
  final case class File(
      block: Int,
      executorId: String,
      bytes: Long,
      stage: Stage,
      waiting: Vector[ImportReader] = Vector.empty,
      pins: Vector[String] = Vector.empty,
      used: Long = 0
  )

  /** What becomes of a wish for a block. */
  sealed trait Want extends Product with Serializable
  object Want {

    /** It is there. */
    final case class Ready(path: String) extends Want

    /** The reader is told when it is. */
    case object OnItsWay extends Want

    /** It needs room first. */
    final case class Claim(demand: Demand, bytes: Long) extends Want
  }

  final case class Reading(bytes: Long = 0, localBytes: Long = 0) {
    def add(some: Long, local: Boolean): Reading =
      Reading(bytes + some, if (local) localBytes + some else localBytes)
  }
}

/** A task that waits for a file, and how it is told. */
private[data] final case class ImportReader(executorId: String, say: ImportAnswer => Unit)
