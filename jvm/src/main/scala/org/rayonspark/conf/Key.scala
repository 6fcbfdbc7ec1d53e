package org.rayonspark.conf

/**
 * One setting: a field of the spec, a `spark.rayonspark.*` key and a row of the documentation.
 *
 * @param name
 *   in camel case, as Scala and Java write it
 * @param default
 *   its value when nobody gives one
 * @param defaultText
 *   the default, for the documentation
 * @param doc
 *   what it decides
 * @param since
 *   first version that has it
 */
final case class Key[A](
    name: String,
    kind: KeyType[A],
    default: A,
    defaultText: String,
    doc: String,
    since: String = "0.1.0"
) {

  /** Its name in Spark's configuration. */
  val setting: String = Key.prefix + name

  /** Its name in Python. */
  val field: String = name.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT)

  /** The value, or a message that says what to change. */
  def parse(text: String): Either[String, A] =
    kind.parse(text).left.map { why =>
      val value = if (kind.secret) "The value" else s"""The value "$text""""
      s"$value of $field cannot be used: $why. Change $field, or $setting."
    }
}

object Key {
  val prefix: String = "spark.rayonspark."
}
