package org.rayonspark.data

import org.rayonspark.route.{StagingFiles, StagingSink}

import java.io.IOException

/**
 * One block on its way into staging: a file under a name of its own until it is whole. It belongs
 * to the task, which abandons it, until the driver has taken it over.
 *
 * @param prefix
 *   of the file's name
 */
private[data] final class BlockFile(desk: ExportDesk, claim: Claim, prefix: String) {
  private var begun = Option.empty[BlockFile.Begun]

  /** Waits until there is room for it. */
  def begin(): StagingSink = {
    val granted = desk.reserve(claim)
    val files = desk.files(granted)
    val draft = s"${granted.directory}/${claim.draft(prefix)}"
    val path = s"${granted.directory}/${claim.file(prefix)}"
    val sink = writing(files.create(draft))
    begun = Some(BlockFile.Begun(files, draft, path, sink))
    sink
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
  def publish(rows: Long, last: Boolean): Boolean = begun.exists { file =>
    writing {
      file.sink.close()
      file.files.publish(file.draft, file.path)
    }
    val kept = desk.written(claim, file.path, rows, file.sink.size, last)
    if (!kept) file.delete()
    kept
  }

  /** Leaves no file and no claim. */
  def abandon(): Unit =
    try begun.foreach(_.delete())
    finally desk.gaveUp(claim)
}

private[data] object BlockFile {
  private final case class Begun(
      files: StagingFiles,
      draft: String,
      path: String,
      sink: StagingSink
  ) {
    def delete(): Unit =
      try sink.close()
      finally
        try files.delete(draft)
        finally files.delete(path)
  }
}
