package org.rayonspark.conf

import scala.util.matching.Regex

/** Ray's rules for node labels, which are the same as Kubernetes'. */
object LabelSyntax {

  /** The prefix of the labels that RayOnSpark sets. Users may not use it. */
  val ownPrefix: String = "rayonspark.org/"
  private val rayPrefix: String = "ray.io/"

  private val longest: Int = 63
  private val word: Regex = """[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?""".r
  private val rule: String =
    s"at most $longest letters, digits, '-', '_' and '.', with a letter or digit at both ends"

  /** Rejects labels that Ray would reject, and labels with a reserved prefix. */
  def check(labels: Map[String, String]): Either[String, Map[String, String]] =
    labels.toVector.sorted
      .flatMap { case (key, value) => Vector(checkKey(key), checkValue(key, value)) }
      .collectFirst { case Left(why) => why }
      .toLeft(labels)

  def checkKey(key: String): Either[String, String] = {
    val (prefix, name) = key.splitAt(key.lastIndexOf('/') + 1)
    if (key.startsWith(ownPrefix) || key.startsWith(rayPrefix))
      Left(s"""label "$key" has a prefix that is reserved ($ownPrefix, $rayPrefix)""")
    else if (isWord(name) && (prefix.isEmpty || isPrefix(prefix.init))) Right(key)
    else Left(s"""label "$key" is not $rule, after an optional "domain/\"""")
  }

  def checkValue(key: String, value: String): Either[String, String] =
    if (value.isEmpty || isWord(value)) Right(value)
    else Left(s"""the value "$value" of label "$key" is not $rule""")

  /** Converts a text to a valid label value, for example by replacing an IPv6 address's colons. */
  def valueOf(text: String): String =
    text
      .replaceAll("[^a-zA-Z0-9_.-]", "-")
      .take(longest)
      .replaceAll("^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$", "")

  private def isWord(text: String): Boolean = text.length <= longest && word.matches(text)

  private def isPrefix(text: String): Boolean =
    text.length <= 253 && text.split("\\.", -1).forall(isWord)
}
