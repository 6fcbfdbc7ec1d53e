package org.rayonspark.conf

import scala.collection.JavaConverters._

/**
 * The fields of a spec, as text and parsed. They contradict neither their types nor each other.
 *
 * @param texts
 *   the fields that are set, by their names in camel case
 */
private[rayonspark] final class FieldValues private (
    val texts: Map[String, String],
    values: Map[String, Any]
) extends java.io.Serializable {

  /** Returns the value of a field, or its default if the field is not set. */
  def apply[A](key: Key[A]): A = values.get(key.name).fold(key.default)(_.asInstanceOf[A])

  /** The requested ports, including the dashboard's. */
  val portPolicy: PortPolicy = {
    val pins = apply(Keys.dashboardPort).map(RayPort.Dashboard -> _)
    apply(Keys.ports).copy(pins = apply(Keys.ports).pins ++ pins)
  }

  /** Returns these fields, and the others from the `spark.rayonspark.*` keys in `settings`. */
  def over(settings: Map[String, String]): Either[String, FieldValues] =
    FieldValues.fromSettings(settings).flatMap(set => FieldValues.of(set ++ texts))

  override def equals(other: Any): Boolean = other match {
    case fields: FieldValues => texts == fields.texts
    case _ => false
  }

  override def hashCode: Int = texts.hashCode

  /** Lists the fields that are set, and hides the values of those that may hold credentials. */
  override def toString: String =
    Keys.all
      .flatMap { key =>
        texts.get(key.name).map(text => s"${key.name}=${if (key.kind.secret) "…" else text}")
      }
      .mkString(", ")

  private def contradiction: Option[String] = {
    val store = for {
      store <- apply(Keys.objectStoreMemory)
      memory <- apply(Keys.memory) if store > memory
    } yield s"object_store_memory is ${ByteSize.format(store)}, but memory is only " +
      s"${ByteSize.format(memory)}. Lower object_store_memory, or leave memory out so that " +
      "workers get what the object store leaves."
    val dashboard = for {
      port <- apply(Keys.dashboardPort)
      pin <- apply(Keys.ports).pins.get(RayPort.Dashboard)
    } yield s"The dashboard's port is given twice: dashboard_port is $port, and ports has " +
      s"dashboard=$pin. Keep one of them."
    val ports = PortPolicy.checked(portPolicy).left.toOption.map { why =>
      s"The ports cannot be used: $why. Change dashboard_port or ports."
    }
    store.orElse(dashboard).orElse(ports)
  }
}

private[rayonspark] object FieldValues {

  /** No field is set. */
  def none: Either[String, FieldValues] = of(Map.empty)

  /** Parses the fields, given by their names in camel case, or says what to change. */
  def of(texts: Map[String, String]): Either[String, FieldValues] =
    Keys.all
      .foldLeft[Either[String, Map[String, Any]]](Right(Map.empty)) { (all, key) =>
        texts.get(key.name).fold(all)(text => all.flatMap(parsed(_, key, text)))
      }
      .map(new FieldValues(texts, _))
      .flatMap(fields => fields.contradiction.toLeft(fields))

  /** Parses the fields, given by their names in Python. */
  def ofArguments(arguments: java.util.Map[String, String]): Either[String, FieldValues] =
    byName(arguments.asScala.toMap, _.field, "argument").flatMap(of)

  /** The names of all fields in Python, in order. */
  def names: java.util.List[String] = Keys.all.map(_.field).asJava

  private def fromSettings(settings: Map[String, String]): Either[String, Map[String, String]] = {
    val (former, current) =
      settings
        .filter(_._1.startsWith(Key.prefix))
        .partition(s => Keys.formerSettings.contains(s._1))
    former
      .foldLeft[Either[String, Map[String, String]]](Right(current)) { case (all, (name, text)) =>
        all.flatMap(renamed(_, name, text))
      }
      .flatMap(byName(_, _.setting, "setting"))
  }

  private def parsed(
      known: Map[String, Any],
      key: Key[_],
      text: String
  ): Either[String, Map[String, Any]] =
    // Only Java callers can pass null, in a map or as a parameter.
    if (text == null) Left(s"${key.field} is null. Leave it out to use its default.")
    else key.parse(text).map(value => known + (key.name -> value))

  private def renamed(
      settings: Map[String, String],
      former: String,
      text: String
  ): Either[String, Map[String, String]] = {
    val setting = Keys.formerSettings(former)
    settings
      .get(setting)
      .filter(_ != text)
      .map { other =>
        s"$setting is $other, and $former, its former name, is $text. Remove $former."
      }
      .toLeft(settings + (setting -> text))
  }

  private def byName(
      texts: Map[String, String],
      nameOf: Key[_] => String,
      noun: String
  ): Either[String, Map[String, String]] = {
    val keys = Keys.all.map(key => nameOf(key) -> key.name).toMap
    texts.keys
      .find(!keys.contains(_))
      .map(unknown(noun, _, Keys.all.map(nameOf)))
      .toLeft(texts.map { case (name, text) => keys(name) -> text })
  }

  private def unknown(noun: String, name: String, known: Vector[String]): String =
    s"""RayOnSpark has no $noun "$name".${DidYouMean.question(name, known)}""" +
      s""" The ${noun}s are ${known.mkString(", ")}."""
}
