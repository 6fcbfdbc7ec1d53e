package org.rayonspark.data

import org.rayonspark.RayOnSparkException
import org.rayonspark.data.ImportState.{File, Stage, Want}

import java.nio.file.Paths

/**
 * The files of one import: what the state says is done here, to the room, to the disk in memory and
 * to the readers. From any thread; never under the state's lock.
 *
 * @param id
 *   the frame's, and its directory's in each staging
 */
private[data] final class ImportFiles(
    staging: Staging,
    book: ImportBook,
    blocks: Vector[ImportBlock],
    id: String
) {
  private val claims = new ImportClaims(staging.room)

  /** Has the block staged there, if it is not, and tells the reader. */
  def want(block: Int, place: StagingPlace, reader: Option[ImportReader]): Unit = {
    val directory = s"${place.directory}/$id"
    book.change(s =>
      s.over match {
        case Some(why) => (s, Left(why))
        case None =>
          val (after, want) = s.want(block, blocks(block).bytes, place, directory, reader)
          (after, Right(want))
      }
    ) match {
      case Left(why) => reader.foreach(_.say(ImportAnswer.Refused(why.getMessage)))
      case Right(Want.Ready(path)) => reader.foreach(_.say(at(place.executorId, path)))
      case Right(Want.OnItsWay) => ()
      case Right(Want.Claim(demand, bytes)) => claim(demand, bytes)
    }
  }

  private def claim(demand: Demand, bytes: Long): Unit =
    claims.claim(demand.path, demand.executorId, bytes) { () =>
      if (!book.change(_.granted(demand))) staging.room.free(demand.executorId, bytes)
    }

  /** The file of a demand is there. */
  def staged(path: String, bytes: Long): Unit = book.change(_.staged(path, bytes)) match {
    case Some(file) =>
      file.waiting.foreach(_.say(at(file.executorId, path)))
      staging.room.free(file.executorId, file.bytes - bytes)
      staging.room.press(file.executorId)
    // Ray was late: the frame is over, or the node was thought to be gone.
    case None =>
      staging.places
        .filter(p => path.startsWith(p.directory))
        .foreach(p => staging.discard(p.executorId, Vector(path)))
  }

  /** The file of a demand will never be there. */
  def failed(path: String, why: String): Unit = drop(path, why)

  /** A reader did not find its file. */
  def gone(path: String): Unit =
    drop(path, "The file went away on its way to a reader. Read the DataFrame again.")

  private def drop(path: String, why: String): Unit = book.change(_.drop(path)).foreach { file =>
    file.waiting.foreach(_.say(ImportAnswer.Refused(why)))
    if (file.stage != Stage.Asked) staging.room.free(file.executorId, file.bytes)
  }

  def done(executorId: String, path: String): Unit =
    book
      .change { s =>
        val after = s.unpin(path, executorId)
        (after, after.files.get(path))
      }
      .foreach(file => staging.room.press(file.executorId))

  /** The eldest file beside that executor goes, if there is one that nobody reads. */
  def giveUp(executorId: String): Boolean = {
    val eldest = book.change(_.giveUp(executorId, staging.isAlive))
    eldest.foreach { case (path, file) =>
      val deletion = staging.discard(executorId, Vector(path))
      staging.room.freeAfter(deletion, executorId, file.bytes)
    }
    eldest.isDefined
  }

  /** Everything goes, and who waits is told why; whether it was not over before. */
  def end(why: RayOnSparkException): Boolean = {
    val left = book.change(_.end(why))
    left.foreach { files =>
      for ((_, file) <- files; reader <- file.waiting)
        reader.say(ImportAnswer.Refused(why.getMessage))
      claims.close()
      val bytes = claimed(files.map(_._2))
      staging.places.foreach { p =>
        val deletion = staging.discard(p.executorId, Vector(s"${p.directory}/$id"))
        staging.room.freeAfter(deletion, p.executorId, bytes.getOrElse(p.executorId, 0L))
      }
    }
    left.isDefined
  }

  private def claimed(files: Vector[File]): Map[String, Long] =
    files.filter(_.stage != Stage.Asked).groupMapReduce(_.executorId)(_.bytes)(_ + _)

  private def at(executorId: String, path: String): ImportAnswer =
    ImportAnswer.At(executorId, Paths.get(path).getParent.getParent.toString, path)
}
