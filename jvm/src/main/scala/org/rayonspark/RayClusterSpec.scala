package org.rayonspark

import org.rayonspark.conf.{ByteSize, DidYouMean, Key, Keys, PortPolicy, RayPort}

import scala.collection.JavaConverters._

/**
 * Describes the Ray cluster that a user requests. Immutable and always valid: constructing it from
 * a value that can never work, or from values that contradict each other, throws.
 *
 * [[org.rayonspark.conf.Keys]] defines the fields; `docs/configuration.md` describes them. A field
 * that is not set has its default, which may depend on Spark and on the host.
 */
final class RayClusterSpec private (private[rayonspark] val texts: Map[String, String])
    extends Serializable {
  private val values: Map[String, Any] = Keys.all.flatMap(read).toMap

  /** Returns the value of a field, or its default if the field is not set. */
  private[rayonspark] def apply[A](key: Key[A]): A =
    values.get(key.name).fold(key.default)(_.asInstanceOf[A])

  /** The requested ports, including the dashboard's. */
  private[rayonspark] val portPolicy: PortPolicy = {
    val pins = apply(Keys.dashboardPort).map(RayPort.Dashboard -> _)
    apply(Keys.ports).copy(pins = apply(Keys.ports).pins ++ pins)
  }

  RayClusterSpec.contradiction(this).foreach(why => throw new InvalidSpecException(why))

  /** Returns this spec with unset fields taken from the `spark.rayonspark.*` keys in `settings`. */
  private[rayonspark] def over(settings: Map[String, String]): RayClusterSpec =
    new RayClusterSpec(RayClusterSpec.fromSettings(settings) ++ texts)

  override def equals(other: Any): Boolean = other match {
    case spec: RayClusterSpec => texts == spec.texts
    case _ => false
  }

  override def hashCode: Int = texts.hashCode

  /** Shows the fields that are set, and hides the values of those that may hold credentials. */
  override def toString: String =
    Keys.all
      .flatMap { key =>
        texts.get(key.name).map(text => s"${key.name}=${if (key.kind.secret) "…" else text}")
      }
      .mkString("RayClusterSpec(", ", ", ")")

  private def read(key: Key[_]): Option[(String, Any)] = texts.get(key.name).map { text =>
    // Only Java callers can pass null, in a map or as a parameter.
    if (text == null)
      throw new InvalidSpecException(s"${key.field} is null. Leave it out to use its default.")
    key.parse(text).fold(why => throw new InvalidSpecException(why), key.name -> _)
  }
}

object RayClusterSpec {
  SparkBuild.check()

  /** A spec without any field set. */
  val defaults: RayClusterSpec = new RayClusterSpec(Map.empty)

  def builder(): RayClusterSpecBuilder = new RayClusterSpecBuilder(Map.empty)

  /** Returns the Python names of all fields, in order. */
  def fieldNames(): java.util.List[String] = Keys.all.map(_.field).asJava

  /**
   * Returns a spec made from the values that Python sends.
   *
   * @param arguments
   *   values as text, by the names of [[fieldNames]]; maps and lists as JSON
   * @throws InvalidSpecException
   *   if a name is unknown (the message suggests the closest one), or if a value cannot be used
   */
  def fromArguments(arguments: java.util.Map[String, String]): RayClusterSpec =
    new RayClusterSpec(byName(arguments.asScala.toMap, _.field, "argument"))

  private[rayonspark] def of(texts: Map[String, String]): RayClusterSpec = new RayClusterSpec(texts)

  private def fromSettings(settings: Map[String, String]): Map[String, String] = {
    val (former, current) =
      settings
        .filter(_._1.startsWith(Key.prefix))
        .partition(s => Keys.formerSettings.contains(s._1))
    val renamed = former.map { case (name, text) =>
      val setting = Keys.formerSettings(name)
      current.get(setting).filter(_ != text).foreach { other =>
        throw new InvalidSpecException(
          s"$setting is $other, and $name, its former name, is $text. Remove $name."
        )
      }
      setting -> text
    }
    byName(current ++ renamed, _.setting, "setting")
  }

  private def byName(
      texts: Map[String, String],
      nameOf: Key[_] => String,
      noun: String
  ): Map[String, String] = {
    val keys = Keys.all.map(key => nameOf(key) -> key).toMap[String, Key[_]]
    texts.map { case (name, text) =>
      keys.get(name) match {
        case Some(key) => key.name -> text
        case None => throw new InvalidSpecException(unknown(noun, name, Keys.all.map(nameOf)))
      }
    }
  }

  private def unknown(noun: String, name: String, known: Vector[String]): String =
    s"""RayOnSpark has no $noun "$name".${DidYouMean.question(name, known)}""" +
      s""" The ${noun}s are ${known.mkString(", ")}."""

  private def contradiction(spec: RayClusterSpec): Option[String] = {
    val store = for {
      store <- spec(Keys.objectStoreMemory)
      memory <- spec(Keys.memory) if store > memory
    } yield s"object_store_memory is ${ByteSize.format(store)}, but memory is only " +
      s"${ByteSize.format(memory)}. Lower object_store_memory, or leave memory out so that " +
      "workers get what the object store leaves."
    val dashboard = for {
      port <- spec(Keys.dashboardPort)
      pin <- spec(Keys.ports).pins.get(RayPort.Dashboard)
    } yield s"The dashboard's port is given twice: dashboard_port is $port, and ports has " +
      s"dashboard=$pin. Keep one of them."
    val ports = PortPolicy.checked(spec.portPolicy).left.toOption.map { why =>
      s"The ports cannot be used: $why. Change dashboard_port or ports."
    }
    store.orElse(dashboard).orElse(ports)
  }
}
