package org.rayonspark

import org.rayonspark.conf.{ByteSize, Key, Keys, Nearest, PortPolicy, RayPort}

import scala.jdk.CollectionConverters.{MapHasAsScala, SeqHasAsJava}

/**
 * What the user asks of a Ray cluster. Immutable, and valid once it exists: it can be made neither
 * from a value that can never work, nor from two that contradict one another.
 *
 * Every field is one of [[org.rayonspark.conf.Keys]]; `docs/configuration.md` lists them. A field
 * that is not given has its default, or what the environment decides.
 */
final class RayClusterSpec private (private[rayonspark] val texts: Map[String, String])
    extends Serializable {
  private val values: Map[String, Any] = Keys.all.flatMap(read).toMap

  /** The value of a field: as given, or its default. */
  private[rayonspark] def apply[A](key: Key[A]): A =
    values.get(key.name).fold(key.default)(_.asInstanceOf[A])

  /** The ports that were asked for, the dashboard's among them. */
  private[rayonspark] val portPolicy: PortPolicy = {
    val pins = apply(Keys.dashboardPort).map(RayPort.Dashboard -> _)
    apply(Keys.ports).copy(pins = apply(Keys.ports).pins ++ pins)
  }

  RayClusterSpec.contradiction(this).foreach(why => throw new InvalidSpecException(why))

  /** This spec, with the `spark.rayonspark.*` keys among `settings` for what it leaves open. */
  private[rayonspark] def over(settings: Map[String, String]): RayClusterSpec =
    new RayClusterSpec(RayClusterSpec.fromSettings(settings) ++ texts)

  override def equals(other: Any): Boolean = other match {
    case spec: RayClusterSpec => texts == spec.texts
    case _ => false
  }

  override def hashCode: Int = texts.hashCode

  /** The fields that were given; without the values of those that may hold credentials. */
  override def toString: String =
    Keys.all
      .flatMap { key =>
        texts.get(key.name).map(text => s"${key.name}=${if (key.kind.secret) "…" else text}")
      }
      .mkString("RayClusterSpec(", ", ", ")")

  private def read(key: Key[_]): Option[(String, Any)] = texts.get(key.name).map { text =>
    // Only Java can do this: its maps and parameters may hold null.
    if (text == null)
      throw new InvalidSpecException(s"${key.field} is null. Leave it out to have its default.")
    key.parse(text).fold(why => throw new InvalidSpecException(why), key.name -> _)
  }
}

object RayClusterSpec {

  /** A spec that leaves everything open. */
  val defaults: RayClusterSpec = new RayClusterSpec(Map.empty)

  def builder(): RayClusterSpecBuilder = new RayClusterSpecBuilder(Map.empty)

  /** The fields' names in Python, in order. */
  def fieldNames(): java.util.List[String] = Keys.all.map(_.field).asJava

  /**
   * A spec from named texts, as Python sends them.
   *
   * @param arguments
   *   values by [[fieldNames]]; maps and lists as JSON
   * @throws InvalidSpecException
   *   for an unknown name, naming the nearest, and for a value that cannot be used
   */
  def fromArguments(arguments: java.util.Map[String, String]): RayClusterSpec =
    new RayClusterSpec(byName(arguments.asScala.toMap, _.field, "argument"))

  private[rayonspark] def of(texts: Map[String, String]): RayClusterSpec = new RayClusterSpec(texts)

  private def fromSettings(settings: Map[String, String]): Map[String, String] =
    byName(settings.filter(_._1.startsWith(Key.prefix)), _.setting, "setting")

  private def byName(
      texts: Map[String, String],
      nameOf: Key[_] => String,
      noun: String
  ): Map[String, String] = {
    val keys = Keys.all.map(key => nameOf(key) -> key).toMap
    texts.map { case (name, text) =>
      keys.get(name) match {
        case Some(key) => key.name -> text
        case None => throw new InvalidSpecException(unknown(noun, name, Keys.all.map(nameOf)))
      }
    }
  }

  private def unknown(noun: String, name: String, known: Vector[String]): String =
    s"""RayOnSpark has no $noun "$name".${Nearest.question(name, known)}""" +
      s""" The ${noun}s are ${known.mkString(", ")}."""

  private def contradiction(spec: RayClusterSpec): Option[String] = {
    val store = for {
      store <- spec(Keys.objectStoreMemory)
      memory <- spec(Keys.memory) if store > memory
    } yield s"object_store_memory is ${ByteSize.format(store)}, and memory only " +
      s"${ByteSize.format(memory)}. Lower object_store_memory, or leave memory out, so that " +
      "workers get what the object store leaves."
    val dashboard = for {
      port <- spec(Keys.dashboardPort)
      pin <- spec(Keys.ports).pins.get(RayPort.Dashboard)
    } yield s"The dashboard's port is given twice: dashboard_port is $port, and ports has " +
      s"dashboard=$pin. Keep one of them."
    val ports = PortPolicy.checked(spec.portPolicy).left.toOption.map { why =>
      s"The ports cannot be used: $why. Change dashboard_port, or ports."
    }
    store.orElse(dashboard).orElse(ports)
  }
}
