package org.rayonspark.conf

import java.nio.file.{Files, Path, Paths}

/**
 * Generates `docs/configuration.md` from [[Keys]]. Run it with
 * `./sbt "spark43_213/Test/runMain org.rayonspark.conf.ConfigurationPage"`.
 */
object ConfigurationPage {
  private val path: Path = Paths.get("docs", "configuration.md")

  private val introduction: String =
    """# Configuration
      |
      |<!-- Generated from Keys.scala by ConfigurationPage: change it there. -->
      |
      |You can set each option in two places: in your program, as a field of `RayClusterSpec` or
      |(in Python) as an argument of `RayCluster.start`, and in Spark's configuration. The program
      |overrides Spark's configuration, which overrides the default. An unknown name is an error
      |that suggests the closest known name.
      |
      |Worker nodes are all Ray nodes except the head. With a local master the head is the only
      |node, and the options of worker nodes apply to it, except for `workerArgs`.
      |
      |Sizes have binary units, for example `500m`, `1.5g`, `2gb` or `1 GiB`; a number without a
      |unit is in bytes. Durations are written like `120s`, `2min` or `500ms`; a number without a
      |unit is in seconds.
      |""".stripMargin

  val text: String = introduction + Keys.all.map(section).mkString

  def main(args: Array[String]): Unit = {
    Files.createDirectories(file.getParent)
    Files.writeString(file, text)
    ()
  }

  /** The page's path in the source tree, from whichever directory below it this runs in. */
  def file: Path =
    Iterator
      .iterate(Paths.get("").toAbsolutePath)(_.getParent)
      .takeWhile(_ != null)
      .find(directory => Files.exists(directory.resolve("build.sbt")))
      .fold(path)(_.resolve(path))

  private def section(key: Key[_]): String = {
    val kind =
      if (key.kind.unit.isEmpty) key.kind.name else s"${key.kind.name}, in ${key.kind.unit}"
    s"""
       |## `${key.setting}`
       |
       |- Python `${key.field}`, Scala and Java `${key.name}`, since ${key.since}
       |- Type: $kind
       |- Default: ${key.defaultText}
       |
       |${wrapped(key.doc)}
       |""".stripMargin
  }

  private def wrapped(words: String): String =
    words
      .split(" ")
      .foldLeft(Vector("")) { (lines, word) =>
        if (lines.last.isEmpty) lines.init :+ word
        else if (lines.last.length + 1 + word.length <= 100) lines.init :+ s"${lines.last} $word"
        else lines :+ word
      }
      .mkString("\n")
}
