package org.rayonspark

import org.rayonspark.conf.{FieldValues, Key, PortPolicy}

/**
 * Describes the Ray cluster that a user requests. Immutable and always valid: constructing it from
 * a value that can never work, or from values that contradict each other, throws.
 *
 * [[org.rayonspark.conf.Keys]] defines the fields; `docs/configuration.md` describes them. A field
 * that is not set has its default, which may depend on Spark and on the host.
 */
// SparkBuild can report another Scala's library only if the JVM can verify this class and its
// companion with it. The JVM loads a type to verify that it may be passed as another one. So neither
// passes evidence (toMap, orNull) or an event as its base type, nor calls a method that a collection
// inherits in one Scala version only (Map.empty, hashCode), nor is a scala.Serializable, which 2.12
// makes of the companion too. test_wrong_jar.py fails otherwise.
final class RayClusterSpec private (private val fields: FieldValues) extends java.io.Serializable {

  /** The fields that are set, by their names in camel case. */
  private[rayonspark] def texts: Map[String, String] = fields.texts

  /** Returns the value of a field, or its default if the field is not set. */
  private[rayonspark] def apply[A](key: Key[A]): A = fields(key)

  /** The requested ports, including the dashboard's. */
  private[rayonspark] def portPolicy: PortPolicy = fields.portPolicy

  /** Returns this spec with unset fields taken from the `spark.rayonspark.*` keys in `settings`. */
  private[rayonspark] def over(settings: Map[String, String]): RayClusterSpec =
    RayClusterSpec.from(fields.over(settings))

  override def equals(other: Any): Boolean = other match {
    case spec: RayClusterSpec => fields == spec.fields
    case _ => false
  }

  override def hashCode: Int = fields.hashCode

  /** Shows the fields that are set, and hides the values of those that may hold credentials. */
  override def toString: String = s"RayClusterSpec($fields)"
}

object RayClusterSpec extends java.io.Serializable {

  /** A spec without any field set. */
  lazy val defaults: RayClusterSpec = {
    SparkBuild.check()
    from(FieldValues.none)
  }

  /**
   * Returns a builder without any field set.
   *
   * @throws VersionMismatchException
   *   if the jar is for another Spark or Scala than the running one
   */
  def builder(): RayClusterSpecBuilder = {
    SparkBuild.check()
    new RayClusterSpecBuilder()
  }

  /** Returns the Python names of all fields, in order. */
  def fieldNames(): java.util.List[String] = {
    SparkBuild.check()
    FieldValues.names
  }

  /**
   * Returns a spec made from the values that Python sends.
   *
   * @param arguments
   *   values as text, by the names of [[fieldNames]]; maps and lists as JSON
   * @throws InvalidSpecException
   *   if a name is unknown (the message suggests the closest one), or if a value cannot be used
   */
  def fromArguments(arguments: java.util.Map[String, String]): RayClusterSpec = {
    SparkBuild.check()
    from(FieldValues.ofArguments(arguments))
  }

  private[rayonspark] def of(texts: Map[String, String]): RayClusterSpec =
    from(FieldValues.of(texts))

  private def from(fields: Either[String, FieldValues]): RayClusterSpec =
    new RayClusterSpec(fields.fold(why => throw new InvalidSpecException(why), identity))
}
