package org.rayonspark.pods

import java.io.{BufferedInputStream, ByteArrayOutputStream, InputStream, OutputStream}
import java.nio.charset.StandardCharsets.UTF_8
import java.time.format.DateTimeParseException
import java.time.{Instant, OffsetDateTime}

/**
 * Passes on a log without the timestamp at the start of each line. After an interruption, the log
 * may be read again from an earlier line: every byte is passed on once.
 *
 * {{{
 *   2026-01-02T03:04:05.000000001Z what the program printed
 * }}}
 *
 * Not thread-safe.
 */
private[pods] final class TimestampedLog(output: OutputStream) {
  private var last = Option.empty[Instant]
  // Bytes passed on with the time `last`. Several lines may share it, and one may be incomplete.
  private var passedOfLast = 0L
  // How many of these bytes the current read still has to skip. None once its lines are new.
  private var toSkip = Option.empty[Long]

  /** The time of the newest line passed on. */
  def newest: Option[Instant] = last

  /** Reads a log to its end. It must begin at the newest line passed on, or before it. */
  def read(log: InputStream): Unit = {
    val buffered = new BufferedInputStream(log)
    toSkip = last.map(_ => passedOfLast)
    Iterator
      .continually(TimestampedLog.line(buffered))
      .takeWhile(_.nonEmpty)
      .foreach { line =>
        TimestampedLog.split(line) match {
          case Some((time, text)) => pass(time, text.drop(known(time, text.length)))
          case None => if (!TimestampedLog.isCut(line)) write(line)
        }
      }
  }

  /** How many bytes of a line were passed on before. */
  private def known(time: Instant, length: Int): Int = (last, toSkip) match {
    case (Some(newest), Some(_)) if time.isBefore(newest) => length
    case (Some(newest), Some(left)) if time == newest =>
      val skipped = left.min(length.toLong)
      toSkip = Some(left - skipped)
      skipped.toInt
    case _ =>
      toSkip = None
      0
  }

  private def pass(time: Instant, text: Array[Byte]): Unit = if (text.nonEmpty) {
    write(text)
    if (!last.contains(time)) passedOfLast = 0
    last = Some(time)
    passedOfLast += text.length
  }

  private def write(text: Array[Byte]): Unit = {
    output.write(text)
    output.flush()
  }
}

private object TimestampedLog {

  /** Reads a line with its line feed, which the last line may lack. Empty at the end. */
  private def line(log: InputStream): Array[Byte] = {
    val line = new ByteArrayOutputStream
    var byte = log.read()
    while (byte >= 0 && byte != '\n') {
      line.write(byte)
      byte = log.read()
    }
    if (byte >= 0) line.write(byte)
    line.toByteArray
  }

  /** None for a line of Kubernetes itself, which has no time. */
  private def split(line: Array[Byte]): Option[(Instant, Array[Byte])] =
    line.indexOf(' '.toByte) match {
      case -1 => None
      case space =>
        try {
          val time = OffsetDateTime.parse(new String(line, 0, space, UTF_8)).toInstant
          Some(time -> line.drop(space + 1))
        } catch { case _: DateTimeParseException => None }
    }

  /** Whether the log broke off within a timestamp. */
  private def isCut(line: Array[Byte]): Boolean =
    !line.contains(' '.toByte) && !line.lastOption.contains('\n'.toByte)
}
