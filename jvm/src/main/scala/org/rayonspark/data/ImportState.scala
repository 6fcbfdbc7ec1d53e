package org.rayonspark.data

import org.rayonspark.RayOnSparkException

/**
 * The driver's state of one Dataset that Spark reads: where its blocks are staged, and which
 * executors read them. Pure: every method returns the next state.
 *
 * {{{
 *   want ──► Asked ──granted──► Reserved ──staged──► Ready ──evict──► (deleted)
 *            waits for room     being written        pinned by its readers
 * }}}
 *
 * @param files
 *   files that are staged or requested, by path
 * @param paths
 *   the path of each of them, by block and executor
 * @param requests
 *   blocks to be written whose request has not been handed out yet, oldest first
 * @param made
 *   number of files so far, so that no path is used twice
 * @param clock
 *   counts the uses of files, to find the least recently used one
 * @param reading
 *   what was read so far
 * @param over
 *   why the frame cannot be read any more; None while it can
 */
private[data] final case class ImportState(
    files: Map[String, ImportState.File] = Map.empty,
    paths: Map[(Int, String), String] = Map.empty,
    requests: Vector[BlockRequest] = Vector.empty,
    made: Long = 0,
    clock: Long = 0,
    reading: ImportState.Reading = ImportState.Reading(),
    over: Option[RayOnSparkException] = None
) {
  import ImportState._

  /** A block is needed at that location, by a reader or before there is one. */
  def want(
      block: Int,
      bytes: Long,
      location: StagingLocation,
      directory: String,
      reader: Option[ImportReader]
  ): (ImportState, Want) = find(block, location.executorId) match {
    case Some((path, file)) if file.state == FileState.Ready =>
      (reader.fold(this)(r => pin(path, r.executorId)), Want.Ready(path))
    case Some((path, _)) =>
      (change(path)(f => f.copy(waiting = f.waiting ++ reader)), Want.Pending)
    case None =>
      val path = s"$directory/$block-${made + 1}.arrow"
      val file =
        File(block, location.executorId, bytes, FileState.Asked, reader.toVector, used = clock)
      (
        copy(
          files = files.updated(path, file),
          paths = paths.updated((block, location.executorId), path),
          made = made + 1
        ),
        Want.Reserve(BlockRequest(block, location.executorId, location.rayNodeId, path), bytes)
      )
  }

  /** A file got its memory; false when it is not needed any more. */
  def granted(request: BlockRequest): (ImportState, Boolean) =
    if (files.contains(request.path))
      (
        change(request.path)(_.copy(state = FileState.Reserved))
          .copy(requests = requests :+ request),
        true
      )
    else (this, false)

  /** Hands out the next request. */
  def take: (ImportState, Option[BlockRequest]) =
    (copy(requests = requests.drop(1)), requests.headOption)

  /**
   * A file is written, and has this many bytes. Its waiting readers read it from now on. Returns
   * the file as it was before, with those readers; None when it is not needed any more.
   */
  def staged(path: String, bytes: Long): (ImportState, Option[File]) = files.get(path) match {
    case None => (this, None)
    case Some(file) =>
      val ready = file.copy(state = FileState.Ready, bytes = bytes, waiting = Vector.empty)
      val there = copy(files = files.updated(path, ready))
      (file.waiting.foldLeft(there)((s, r) => s.pin(path, r.executorId)), Some(file))
  }

  /** A reader in that executor no longer needs the file. */
  def unpin(path: String, executorId: String): ImportState =
    change(path)(f => f.copy(pins = f.pins.diff(Vector(executorId))))

  /** A file is missing, or will not be written. */
  def drop(path: String): (ImportState, Option[File]) =
    (without(path).copy(requests = requests.filterNot(_.path == path)), files.get(path))

  /**
   * Evicts the least recently used file in that executor's staging that is not read on any live
   * executor.
   */
  def evict(
      executorId: String,
      alive: String => Boolean
  ): (ImportState, Option[(String, File)]) = {
    val oldest = files
      .filter { case (_, f) =>
        f.executorId == executorId && f.state == FileState.Ready && !f.pins.exists(alive)
      }
      .minByOption { case (_, f) => f.used }
    (oldest.fold(this) { case (path, _) => without(path) }, oldest)
  }

  /** Counts bytes that a reader was directed to; `local` if they do not cross hosts. */
  def read(bytes: Long, local: Boolean): ImportState = copy(reading = reading.add(bytes, local))

  /**
   * Ends the frame. The first call returns all files that were staged or requested; later calls
   * return None.
   */
  def end(why: RayOnSparkException): (ImportState, Option[Vector[(String, File)]]) =
    if (over.isDefined) (this, None)
    else
      (
        copy(files = Map.empty, paths = Map.empty, requests = Vector.empty, over = Some(why)),
        Some(files.toVector)
      )

  private def find(block: Int, executorId: String): Option[(String, File)] =
    paths.get((block, executorId)).map(path => path -> files(path))

  private def without(path: String): ImportState =
    copy(files = files - path, paths = paths -- files.get(path).map(f => (f.block, f.executorId)))

  private def pin(path: String, executorId: String): ImportState =
    copy(clock = clock + 1)
      .change(path)(f => f.copy(pins = f.pins :+ executorId, used = clock + 1))

  private def change(path: String)(step: File => File): ImportState =
    copy(files = files.updatedWith(path)(_.map(step)))
}

private[data] object ImportState {

  /** How far a file is. */
  sealed trait FileState extends Product with Serializable
  object FileState {
    case object Asked extends FileState
    case object Reserved extends FileState
    case object Ready extends FileState
  }

  /**
   * @param waiting
   *   readers that wait for it
   * @param pins
   *   executors of the tasks that read it now, once for each task
   * @param used
   *   clock of its last use
   */
  final case class File(
      block: Int,
      executorId: String,
      bytes: Long,
      state: FileState,
      waiting: Vector[ImportReader] = Vector.empty,
      pins: Vector[String] = Vector.empty,
      used: Long = 0
  )

  /** What the caller of `want` must do. */
  sealed trait Want extends Product with Serializable
  object Want {

    /** The file is staged: answer the reader. */
    final case class Ready(path: String) extends Want

    /** The file is on its way: the reader gets an answer when it is staged. */
    case object Pending extends Want

    /** The file is new: reserve memory for it. */
    final case class Reserve(request: BlockRequest, bytes: Long) extends Want
  }

  final case class Reading(bytes: Long = 0, localBytes: Long = 0) {
    def add(some: Long, local: Boolean): Reading =
      Reading(bytes + some, if (local) localBytes + some else localBytes)
  }
}

/** A task that waits for a file, and how to answer it. */
private[data] final case class ImportReader(executorId: String, respond: ImportResponse => Unit)
