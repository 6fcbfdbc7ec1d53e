package org.rayonspark.build

import sbt._
import sbt.Keys._

/**
 * A project for each Spark in `builds.csv`, all with the same sources: `./sbt spark35_212/package`.
 */
object SparkBuilds extends AutoPlugin {
  private val checkout = file(".").getCanonicalFile

  val all: Seq[SparkBuild] = SparkBuild.all(checkout)

  /** The default for builds and tests. */
  val newest: SparkBuild = all.last

  /** The sbt commands that publish the jars of these builds to the Maven repository. */
  def packed(builds: Seq[SparkBuild]): String = builds
    .map { build =>
      val steps = Seq("Compile/pullRemoteCache", "publish", "Compile/pushRemoteCache")
      steps.map(step => s"${build.id}/$step").mkString("; ")
    }
    .mkString("; ")

  override def trigger: PluginTrigger = allRequirements

  override def extraProjects: Seq[Project] = all.map { build =>
    Project(build.id, checkout / "target" / build.id)
      .settings(Jar.settings(build))
      .settings(
        target := baseDirectory.value,
        sourceDirectory := checkout / "jvm" / "src",
        Compile / unmanagedSourceDirectories ++=
          build.sourceFolders.map((Compile / sourceDirectory).value / _)
      )
  }
}
