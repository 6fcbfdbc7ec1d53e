package org.rayonspark.data

import org.rayonspark.rpc.Transport
import org.rayonspark.remote.{RemoteStagingFiles, StagingFiles}

/**
 * A task's client of the driver's endpoint of an export.
 *
 * @param killed
 *   whether the task must stop
 */
private[data] final class ExportClient(transport: Transport, name: String, killed: () => Boolean)
    extends AutoCloseable {
  private val driver = new DriverClient(transport, name, killed)
  private var remote = Map.empty[String, StagingFiles]

  /** Announces an attempt at a partition, and returns what earlier attempts have written. */
  def begin(partition: Int): ExportResponse.KnownBlocks =
    ask(ExportRequest.Begin(partition)) { case known: ExportResponse.KnownBlocks => known }

  /** Waits until the pool has room for a block. */
  def reserve(reservation: Reservation): ExportResponse.Granted =
    ask(ExportRequest.Reserve(reservation)) { case granted: ExportResponse.Granted => granted }

  /** Returns access to the files of that staging, over the network if it is on another host. */
  def files(at: ExportResponse.Granted): StagingFiles =
    if (StagingFiles.isHere(at.directory)) StagingFiles.Here
    else
      remote.getOrElse(
        at.executorId, {
          val address = ask(ExportRequest.OpenStagingServer(at.executorId)) {
            case ExportResponse.Address(there) => there
          }
          val opened = RemoteStagingFiles.connect(address)
          remote = remote.updated(at.executorId, opened)
          opened
        }
      )

  /**
   * Hands a complete file to the driver. False when another attempt was faster; the file still
   * belongs to the task then.
   */
  def written(
      reservation: Reservation,
      path: String,
      rows: Long,
      bytes: Long,
      last: Boolean
  ): Boolean = {
    val request = ExportRequest.Written(reservation, path, rows, bytes, last)
    understand(request, driver.settle(request)) { case ExportResponse.Accepted(accepted) =>
      accepted
    }
  }

  /** Gives up a reservation, without waiting for the answer: the export may be over. */
  def abandon(reservation: Reservation): Unit = driver.tell(ExportRequest.Abandon(reservation))

  def stopWhenKilled(): Unit = driver.stopWhenKilled()

  override def close(): Unit = remote.values.foreach(_.close())

  private def ask[A](request: ExportRequest)(read: PartialFunction[ExportResponse, A]): A =
    understand(request, driver.ask(request))(read)

  private def understand[A](request: ExportRequest, answer: ExportResponse)(
      read: PartialFunction[ExportResponse, A]
  ): A =
    read.applyOrElse(
      answer,
      (other: ExportResponse) =>
        throw new IllegalStateException(other match {
          case ExportResponse.Refused(why) => why
          case unexpected => s"The driver answered $unexpected to $request"
        })
    )
}
