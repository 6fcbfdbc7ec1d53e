package org.rayonspark.conf

import scala.math.BigDecimal.RoundingMode
import scala.util.matching.Regex

/** Parses and formats all sizes: bytes, with binary units like Spark's. */
object ByteSize {
  private val units: Vector[String] = Vector("", "k", "m", "g", "t", "p")
  private val shape: Regex = """(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?""".r

  /** Parses "500m", "1.5g", "2gb", "1 GiB" or "4096"; a number without a unit is in bytes. */
  def parse(text: String): Either[String, Long] =
    text.trim.toLowerCase(java.util.Locale.ROOT) match {
      case shape(number, unit) => inBytes(BigDecimal(number) * factor(units.indexOf(unit)))
      case _ => Left("""it must be a size such as "500m", "1.5g", "2gb" or "4096" (bytes)""")
    }

  /** Formats a size for people, in the largest unit that fits: "500 MiB", "1.46 GiB". */
  def format(bytes: Long): String = {
    val power = units.indices.reverse.find(p => BigDecimal(bytes).abs >= factor(p)).getOrElse(0)
    val rounded = (BigDecimal(bytes) / factor(power)).setScale(2, RoundingMode.DOWN)
    val number = rounded.bigDecimal.stripTrailingZeros.toPlainString
    if (power == 0) s"$number bytes" else s"$number ${units(power).toUpperCase}iB"
  }

  private def inBytes(size: BigDecimal): Either[String, Long] =
    if (size < 1) Left("a size must be at least 1 byte")
    else if (!size.setScale(0, RoundingMode.DOWN).isValidLong) Left("it is more than 8 EiB")
    else Right(size.setScale(0, RoundingMode.DOWN).toLong)

  private def factor(power: Int): BigDecimal = BigDecimal(1024).pow(power)
}
