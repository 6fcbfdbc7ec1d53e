package org.rayonspark.conf

import scala.concurrent.duration.{Duration, FiniteDuration}

/**
 * Defines how the text of a setting is parsed.
 *
 * @param name
 *   name of the type, as the documentation shows it
 * @param unit
 *   unit of a number without one; empty if the type has no unit
 * @param parse
 *   returns the value, or the reason why the text is invalid: a clause without a full stop
 * @param secret
 *   whether errors and logs hide the text
 */
final case class KeyType[A](
    name: String,
    unit: String,
    parse: String => Either[String, A],
    secret: Boolean = false
) {

  /** Returns the type for a setting without a fixed default. */
  def optional: KeyType[Option[A]] = copy(parse = parse(_).map(Some(_)))

  /** Returns the type with one more check or conversion. */
  def and[B](rule: A => Either[String, B]): KeyType[B] = copy(parse = parse(_).flatMap(rule))

  /** Returns the type for text that may hold credentials: every error is replaced by `instead`. */
  def hidden(instead: String): KeyType[A] =
    copy(parse = parse(_).left.map(_ => instead), secret = true)
}

object KeyType {
  val size: KeyType[Long] = KeyType("size", "bytes", ByteSize.parse)

  val duration: KeyType[FiniteDuration] = KeyType("duration", "seconds", Durations.parse)

  /** A duration, or 0. */
  val durationOrNone: KeyType[FiniteDuration] = {
    val none = "0+(\\.0+)?\\s*[a-z]*"
    duration.copy(parse =
      text => if (text.trim.matches(none)) Right(Duration.Zero) else Durations.parse(text)
    )
  }

  val boolean: KeyType[Boolean] = KeyType(
    "boolean",
    "",
    text => text.trim.toBooleanOption.toRight("it must be true or false")
  )

  val text: KeyType[String] = KeyType(
    "text",
    "",
    text => Either.cond(text.trim.nonEmpty, text.trim, "it must not be empty")
  )

  val path: KeyType[String] = text
    .copy(name = "path")
    .and(path => Either.cond(path.startsWith("/"), path, "it must be an absolute path"))

  def count(least: Int): KeyType[Int] = KeyType(
    "integer",
    "",
    text =>
      text.trim.toIntOption.filter(_ >= least).toRight(s"it must be an integer of at least $least")
  )

  val port: KeyType[Int] =
    count(1).and(port => Either.cond(port <= 65535, port, "it must be a port from 1 to 65535"))

  /** A whole number that may be written as a decimal, such as 2.0. */
  val whole: KeyType[Double] = KeyType(
    "whole number",
    "",
    text =>
      text.trim.toDoubleOption
        .filter(number => number >= 0 && number.isWhole)
        .toRight("it must be a whole number of at least 0: `ray start` accepts no fractions")
  )

  def oneOf[A](choices: Vector[A]): KeyType[A] = KeyType(
    choices.mkString(" or "),
    "",
    text =>
      choices
        .find(_.toString.equalsIgnoreCase(text.trim))
        .toRight(s"it must be ${choices.mkString(" or ")}")
  )

  /** A JSON object, or comma-separated name=value pairs. */
  val map: KeyType[Map[String, String]] = KeyType(
    "map",
    "",
    text => if (text.trim.startsWith("{")) FlatJson.readMap(text) else pairs(text)
  )

  /** A map of whole numbers. */
  val quantities: KeyType[Map[String, Double]] = map
    .and { texts =>
      texts.foldLeft[Either[String, Map[String, Double]]](Right(Map.empty)) {
        case (soFar, (name, text)) =>
          for {
            numbers <- soFar
            number <- whole.parse(text).left.map(why => s"$name is $text, and $why")
          } yield numbers + (name -> number)
      }
    }
    .copy(name = "map of whole numbers")

  /** A JSON array, or words separated by spaces. */
  val list: KeyType[Vector[String]] = KeyType(
    "list",
    "",
    text =>
      if (text.trim.startsWith("[")) FlatJson.readList(text)
      else Right(text.trim.split("\\s+").toVector.filter(_.nonEmpty))
  )

  private def pairs(text: String): Either[String, Map[String, String]] = {
    val entries = text.split(",").toVector.map(_.trim).filter(_.nonEmpty).map(_.split("=", 2))
    val names = entries.map(_.head.trim)
    entries.find(_.length < 2).map(_.head) match {
      case Some(entry) =>
        Left(s"""it must be a JSON object or name=value pairs, but "$entry" is neither""")
      case None if names.distinct != names =>
        Left(s"it has ${names.diff(names.distinct).head} twice")
      case None => Right(names.zip(entries.map(_.last.trim)).toMap)
    }
  }
}
