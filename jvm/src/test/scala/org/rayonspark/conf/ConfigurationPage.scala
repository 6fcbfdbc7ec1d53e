package org.rayonspark.conf

import java.nio.file.{Files, Path, Paths}

/**
 * `docs/configuration.md`, made of [[Keys]]:
 * `sbt "Test/runMain org.rayonspark.conf.ConfigurationPage"`.
 */
object ConfigurationPage {
  private val path: Path = Paths.get("docs", "configuration.md")

  private val introduction: String =
    """# Configuration
      |
      |<!-- Generated from Keys.scala by ConfigurationPage: change it there. -->
      |
      |Every field of `RayClusterSpec` can be given in three places: as an argument of
      |`RayCluster.start`, as a key of Spark's configuration, or not at all. An argument goes before a
      |key, and a key before the default. An unknown name is an error that names the nearest one.
      |
      |Sizes have binary units: `500m`, `1.5g`, `2gb` and `1 GiB` are read, and a number alone is bytes.
      |Durations are such as `120s`, `2min` and `500ms`; a number alone is seconds.
      |""".stripMargin

  val text: String = introduction + Keys.all.map(section).mkString

  def main(args: Array[String]): Unit = {
    Files.createDirectories(file.getParent)
    Files.writeString(file, text)
    ()
  }

  /** The page in the source tree, whether sbt runs in the root or in the project. */
  def file: Path =
    if (Files.exists(Paths.get("build.sbt"))) path else Paths.get("..").resolve(path)

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
