package org.rayonspark.data

import org.rayonspark.RayOnSparkException
import org.rayonspark.data.ImportState.{File, FileState, Want}

import java.nio.file.Paths
import scala.util.control.NonFatal

/**
 * Carries out what the state of one import decides: reserves and releases memory, deletes files and
 * answers readers. Thread-safe; never called under the state's lock.
 *
 * @param id
 *   id of the frame, and name of its directory in each staging location
 * @param requested
 *   called when the state has one more request
 */
private[data] final class StagedFiles(
    staging: Staging,
    tracker: ImportTracker,
    blocks: Vector[ImportBlock],
    id: String,
    requested: () => Unit
) {
  private val reservations = new ImportReservations(staging.pool)

  /** Stages the block at that location, unless it is there, and answers the reader. */
  def want(block: Int, location: StagingLocation, reader: Option[ImportReader]): Unit = {
    val directory = s"${location.directory}/$id"
    tracker.change(s =>
      s.over match {
        case Some(why) => (s, Left(why))
        case None =>
          val (after, want) = s.want(block, blocks(block).bytes, location, directory, reader)
          (after, Right(want))
      }
    ) match {
      case Left(why) => reader.foreach(_.respond(ImportResponse.Refused(why.getMessage)))
      case Right(Want.Ready(path)) => reader.foreach(_.respond(at(location.executorId, path)))
      case Right(Want.Pending) => ()
      case Right(Want.Reserve(request, bytes)) =>
        try reserve(request, bytes)
        catch {
          // Otherwise readers of this file would wait forever, now and later.
          case NonFatal(e) =>
            drop(request.path, s"No memory for a block: $e. Read the DataFrame again.")
            throw e
        }
    }
  }

  private def reserve(request: BlockRequest, bytes: Long): Unit =
    reservations.reserve(request.path, request.executorId, bytes) { () =>
      if (tracker.change(_.granted(request))) requested()
      else staging.pool.release(request.executorId, bytes)
    }

  /** The file of a request is written. */
  def staged(path: String, bytes: Long): Unit = tracker.change(_.staged(path, bytes)) match {
    case Some(file) =>
      file.waiting.foreach(_.respond(at(file.executorId, path)))
      staging.pool.release(file.executorId, file.bytes - bytes)
      staging.pool.evictForWaiting(file.executorId)
    // Ray was late: the frame is over, or the file was dropped meanwhile.
    case None =>
      staging.locations
        .filter(p => path.startsWith(p.directory))
        .foreach { p =>
          // After the end, the Ray task has created the frame's directory again.
          val late = if (tracker.state.over.isDefined) s"${p.directory}/$id" else path
          staging.discard(p.executorId, Vector(late))
        }
  }

  /** The file of a request will not be written. */
  def failed(path: String, why: String): Unit = drop(path, why)

  /** A reader did not find its file. */
  def gone(path: String): Unit =
    drop(path, "A staged file was gone before it was read. Read the DataFrame again.")

  private def drop(path: String, why: String): Unit = tracker.change(_.drop(path)).foreach { file =>
    file.waiting.foreach(_.respond(ImportResponse.Refused(why)))
    if (file.state != FileState.Asked) staging.pool.release(file.executorId, file.bytes)
  }

  /** A reader in that executor no longer needs the file. */
  def done(executorId: String, path: String): Unit =
    tracker
      .change { s =>
        val after = s.unpin(path, executorId)
        (after, after.files.get(path))
      }
      .foreach(file => staging.pool.evictForWaiting(file.executorId))

  /** Deletes the least recently used unread file in that executor's staging; false if none. */
  def evict(executorId: String): Boolean = {
    val oldest = tracker.change(_.evict(executorId, staging.isAlive))
    oldest.foreach { case (path, file) =>
      val deletion = staging.discard(executorId, Vector(path))
      staging.pool.releaseAfter(deletion, executorId, file.bytes)
    }
    oldest.isDefined
  }

  /** Deletes everything; waiting readers get `why`. False if the import was over before. */
  def end(why: RayOnSparkException): Boolean = {
    val left = tracker.change(_.end(why))
    left.foreach { files =>
      for ((_, file) <- files; reader <- file.waiting)
        reader.respond(ImportResponse.Refused(why.getMessage))
      reservations.close()
      val bytes = reserved(files.map(_._2))
      staging.locations.foreach { p =>
        val deletion = staging.discard(p.executorId, Vector(s"${p.directory}/$id"))
        staging.pool.releaseAfter(deletion, p.executorId, bytes.getOrElse(p.executorId, 0L))
      }
      // The files of a lost node are gone with it; the same executor may get another node.
      (bytes -- staging.locations.map(_.executorId)).foreach { case (executorId, some) =>
        staging.pool.release(executorId, some)
      }
    }
    left.isDefined
  }

  private def reserved(files: Vector[File]): Map[String, Long] =
    files.filter(_.state != FileState.Asked).groupMapReduce(_.executorId)(_.bytes)(_ + _)

  private def at(executorId: String, path: String): ImportResponse =
    ImportResponse.At(executorId, Paths.get(path).getParent.getParent.toString, path)
}
