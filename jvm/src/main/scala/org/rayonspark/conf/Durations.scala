package org.rayonspark.conf

import scala.concurrent.duration.{Duration, DurationLong, FiniteDuration}
import scala.util.matching.Regex

/** Parses and formats all durations, with Spark's units. */
object Durations {
  private val shape: Regex = """(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?""".r
  private val longest: FiniteDuration = Duration(365, "days")

  private val milliseconds: Map[String, Long] = Map(
    "ms" -> 1L,
    "s" -> 1000L,
    "m" -> 60000L,
    "min" -> 60000L,
    "h" -> 3600000L,
    "d" -> 86400000L
  )

  /** Parses "120s", "2min", "1.5h", "500ms" or "120"; without a unit, in seconds. */
  def parse(text: String): Either[String, FiniteDuration] =
    text.trim.toLowerCase(java.util.Locale.ROOT) match {
      case shape(number, unit) =>
        val length = BigDecimal(number) * milliseconds(Option(unit).getOrElse("s"))
        if (length < 1) Left("it must be at least 1 ms")
        else if (length > longest.toMillis) Left("it must be a year or less")
        else Right(length.toLong.millis)
      case _ => Left("""it must be a duration such as "120s", "2min" or "500ms"""")
    }

  /** Formats a duration in seconds: "120s", "0.5s". */
  def format(duration: FiniteDuration): String =
    s"${(BigDecimal(duration.toMillis) / 1000).bigDecimal.stripTrailingZeros.toPlainString}s"
}
