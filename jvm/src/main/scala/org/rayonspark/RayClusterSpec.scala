package org.rayonspark

import org.rayonspark.conf.{FieldValues, Key, PortPolicy}

/**
 * Describes the Ray cluster that a user requests. Immutable and always valid: constructing it from
 * a value that can never work, or from values that contradict each other, throws.
 *
 * [[org.rayonspark.conf.Keys]] defines the fields; `docs/configuration.md` describes them. A field
 * that is not set has its default, which may depend on Spark and on the host.
 */
// With the library of another Scala version, the JVM must be able to verify this class and its
// companion, so that SparkBuild can report it. That excludes the collections' methods from both.
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
