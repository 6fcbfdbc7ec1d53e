package org.rayonspark.data

import org.rayonspark.remote.{StagingFiles, StagingSink}

import java.io.IOException

/**
 * A block that a task writes into staging, under a draft name until it is complete. The file
 * belongs to the task until the driver has accepted it; a task that fails before must abandon it.
 *
 * @param prefix
 *   prefix of the file's name
 */
private[data] final class BlockFile(
    driver: ExportClient,
    reservation: Reservation,
    prefix: String
) {
  private var opened = Option.empty[BlockFile.Opened]

  /** Waits until the pool has room for the block, and creates its file. */
  def begin(): StagingSink = {
    val granted = driver.reserve(reservation)
    val files = driver.files(granted)
    val draft = s"${granted.directory}/${reservation.draft(prefix)}"
    val path = s"${granted.directory}/${reservation.file(prefix)}"
    val sink = writing(files.create(draft))
    opened = Some(BlockFile.Opened(files, draft, path, sink))
    sink
  }

  /** Runs `step`, and reports its I/O errors as errors of staging, not of the user's rows. */
  def writing[A](step: => A): A =
    try step
    catch {
      case e: IOException =>
        val error = new IOException(
          s"A block could not be written to staging (${e.getClass.getSimpleName}: " +
            s"${e.getMessage}). Give the host more shared memory, or lower `staging_memory`."
        )
        error.addSuppressed(e)
        throw error
    }

  /**
   * Completes the file and hands it to the driver. False when another attempt was faster; the file
   * is deleted then.
   */
  def publish(rows: Long, last: Boolean): Boolean = opened.exists { file =>
    writing {
      file.sink.close()
      file.files.publish(file.draft, file.path)
    }
    val accepted = driver.written(reservation, file.path, rows, file.sink.size, last)
    if (!accepted) file.delete()
    accepted
  }

  /** Deletes the file and gives up the reservation. */
  def abandon(): Unit =
    try opened.foreach(_.delete())
    finally driver.abandon(reservation)
}

private[data] object BlockFile {
  private final case class Opened(
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
