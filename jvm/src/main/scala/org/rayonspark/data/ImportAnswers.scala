package org.rayonspark.data

import org.rayonspark.rendezvous.Wire

import scala.concurrent.ExecutionContext
import scala.util.{Failure, Success}

/**
 * What the driver answers to the readers of an import.
 *
 * @param homes
 *   where each block is best read
 */
private[data] final class ImportAnswers(
    staging: Staging,
    book: ImportBook,
    files: ImportFiles,
    blocks: Vector[ImportBlock],
    homes: Vector[StagingPlace]
) {

  /** Never blocks: an answer that has to wait is given later. */
  def answer(bytes: Array[Byte], reply: Array[Byte] => Unit): Unit = {
    def say(answer: ImportAnswer): Unit = reply(Wire.encode(answer))
    Wire.decode[ImportQuestion](bytes) match {
      case ImportQuestion.Done(executorId, path) =>
        files.done(executorId, path)
        say(ImportAnswer.Noted)
      case ImportQuestion.OpenRoute(executorId) => route(executorId, say)
      case ImportQuestion.Fetch(block, executorId, missing) =>
        missing.foreach(files.gone)
        fetch(block, ImportReader(executorId, say))
    }
  }

  private def fetch(block: Int, reader: ImportReader): Unit =
    (book.state.over, placeFor(reader.executorId, homes(block))) match {
      case (Some(why), _) => reader.say(ImportAnswer.Refused(why.getMessage))
      case (None, None) => reader.say(ImportAnswer.Refused(ImportAnswers.noNode))
      case (None, Some(place)) =>
        val hosts = Set(homes(block).sparkHost, place.sparkHost) ++
          staging.hostOf(reader.executorId)
        book.change(s => (s.read(blocks(block).bytes, local = hosts.size == 1), ()))
        files.want(block, place, Some(reader))
    }

  /** The reader's own place, or one on its host, or the block's home, or any that is left. */
  private def placeFor(executorId: String, home: StagingPlace): Option[StagingPlace] = {
    val host = staging.hostOf(executorId)
    staging.places.minByOption { p =>
      (
        p.executorId != executorId,
        !host.contains(p.sparkHost),
        p.executorId != home.executorId,
        p.executorId == "driver"
      )
    }
  }

  private def route(executorId: String, say: ImportAnswer => Unit): Unit =
    staging
      .route(executorId)
      .onComplete {
        case Success(address) => say(ImportAnswer.Route(address))
        case Failure(error) => say(ImportAnswer.Refused(error.getMessage))
      }(ExecutionContext.parasitic)
}

private[data] object ImportAnswers {
  private val noNode: String =
    "The Ray nodes of the cluster are gone. Look for their end in the cluster's log, and read the " +
      "DataFrame again."
}
