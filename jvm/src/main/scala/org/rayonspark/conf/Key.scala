package org.rayonspark.conf

/**
 * One setting: a field of the spec, a `spark.rayonspark.*` key, and a section of the documentation.
 *
 * @param name
 *   the name in camel case, as in Scala and Java
 * @param default
 *   the value if the setting is not set
 * @param defaultText
 *   the default, as the documentation shows it
 * @param doc
 *   the description, as the documentation shows it
 * @param since
 *   the first version that has this setting
 * @param formerName
 *   an earlier name that is still accepted
 */
final case class Key[A](
    name: String,
    kind: KeyType[A],
    default: A,
    defaultText: String,
    doc: String,
    since: String = "0.1.0",
    formerName: Option[String] = None
) {

  /** The name in Spark's configuration. */
  val setting: String = Key.prefix + name

  /** The name in Python. */
  val field: String = name.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT)

  /** Returns the value, or a message that says what to change. */
  def parse(text: String): Either[String, A] =
    kind.parse(text).left.map { why =>
      val value = if (kind.secret) "The value" else s"""The value "$text""""
      s"$value of $field cannot be used: $why. Change $field, or $setting."
    }
}

object Key {
  val prefix: String = "spark.rayonspark."
}
