package org.rayonspark.data

import java.io.IOException
import java.nio.channels.FileChannel
import java.nio.file.{Files, Path, Paths, StandardCopyOption, StandardOpenOption}

/**
 * One block on its way into staging: a file under a name of its own until it is whole. It belongs
 * to the task, which abandons it, until the driver has taken it over.
 *
 * @param prefix
 *   of the file's name
 */
private[data] final class BlockFile(desk: ExportDesk, claim: Claim, prefix: String) {
  private val name = s"$prefix-${claim.partition}-${claim.sequence}-${claim.attempt}"
  private var channel: Option[FileChannel] = None
  private var paths = Vector.empty[Path]

  /** Waits until there is room for it. */
  def begin(): FileChannel = {
    val directory = Paths.get(desk.reserve(claim))
    val draft = directory.resolve(s"$name.tmp")
    paths = Vector(draft, directory.resolve(s"$name.arrow"))
    // A mapped write into a full /dev/shm would kill this JVM; this is an error.
    val opened = writing(
      FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
    )
    channel = Some(opened)
    opened
  }

  /** What fails here is told as a failure of staging, and not of the user's rows. */
  def writing[A](step: => A): A =
    try step
    catch {
      case e: IOException =>
        val told = new IOException(
          s"A block could not be written to staging (${e.getClass.getSimpleName}: " +
            s"${e.getMessage}). Give the host more shared memory, or lower `staging_memory`."
        )
        told.addSuppressed(e)
        throw told
    }

  /** False when another attempt was quicker, and the file is gone. */
  def publish(rows: Long, last: Boolean): Boolean = {
    val bytes = channel.fold(0L)(_.size)
    close()
    val Vector(draft, path) = paths: @unchecked
    writing(Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE))
    val kept = desk.written(claim, path.toString, rows, bytes, last)
    if (!kept) delete()
    kept
  }

  /** Leaves no file and no claim. */
  def abandon(): Unit = {
    close()
    delete()
    desk.gaveUp(claim)
  }

  private def close(): Unit = {
    channel.foreach(_.close())
    channel = None
  }

  private def delete(): Unit = {
    paths.foreach(Files.deleteIfExists(_))
    paths = Vector.empty
  }
}
