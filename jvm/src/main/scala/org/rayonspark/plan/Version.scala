package org.rayonspark.plan

import scala.util.matching.Regex

/** The part of a version that decides about compatibility. */
final case class Version(major: Int, minor: Int) extends Ordered[Version] {
  def compare(other: Version): Int =
    Ordering[(Int, Int)].compare((major, minor), (other.major, other.minor))

  override def toString: String = s"$major.$minor"
}

object Version {
  private val shape: Regex = """(\d+)\.(\d+).*""".r

  /** Returns None if the text is not a version: a development build may have any name. */
  def of(text: String): Option[Version] = text match {
    case shape(major, minor) => Some(Version(major.toInt, minor.toInt))
    case _ => None
  }
}
