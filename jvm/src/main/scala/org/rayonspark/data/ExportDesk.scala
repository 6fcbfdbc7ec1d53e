package org.rayonspark.data

import org.rayonspark.rendezvous.Transport
import org.rayonspark.route.{RouteFiles, StagingFiles}

/**
 * The driver's end of an export, as a task sees it.
 *
 * @param killed
 *   whether the task shall stop
 */
private[data] final class ExportDesk(transport: Transport, name: String, killed: () => Boolean)
    extends AutoCloseable {
  private val driver = new TaskDesk(transport, name, killed)
  private var routes = Map.empty[String, StagingFiles]

  def begin(partition: Int): ExportAnswer.Known =
    ask(ExportQuestion.Begin(partition)) { case known: ExportAnswer.Known => known }

  /** Waits until there is room for a block. */
  def reserve(claim: Claim): ExportAnswer.Granted =
    ask(ExportQuestion.Reserve(claim)) { case granted: ExportAnswer.Granted => granted }

  /** The files of that staging, over the network where it is another host's. */
  def files(at: ExportAnswer.Granted): StagingFiles =
    if (StagingFiles.isHere(at.directory)) StagingFiles.Here
    else
      routes.getOrElse(
        at.executorId, {
          val address = ask(ExportQuestion.OpenRoute(at.executorId)) {
            case ExportAnswer.Route(there) => there
          }
          val opened = RouteFiles.connect(address)
          routes = routes.updated(at.executorId, opened)
          opened
        }
      )

  /**
   * Whose the file is from now on: the driver's, or the task's when another was quicker (false).
   */
  def written(claim: Claim, path: String, rows: Long, bytes: Long, last: Boolean): Boolean = {
    val question = ExportQuestion.Written(claim, path, rows, bytes, last)
    understand(question, driver.settle(question)) { case ExportAnswer.Kept(kept) => kept }
  }

  /** Nobody waits for the answer: the export may be over. */
  def gaveUp(claim: Claim): Unit = driver.tell(ExportQuestion.GaveUp(claim))

  def stopWhenKilled(): Unit = driver.stopWhenKilled()

  override def close(): Unit = routes.values.foreach(_.close())

  private def ask[A](question: ExportQuestion)(read: PartialFunction[ExportAnswer, A]): A =
    understand(question, driver.ask(question))(read)

  private def understand[A](question: ExportQuestion, answer: ExportAnswer)(
      read: PartialFunction[ExportAnswer, A]
  ): A =
    read.applyOrElse(
      answer,
      (other: ExportAnswer) =>
        throw new IllegalStateException(other match {
          case ExportAnswer.Refused(why) => why
          case strange => s"The driver answered $strange to $question"
        })
    )
}
