package org.rayonspark.build

import sbt._
import sbt.Keys._

/** The settings that compile, test, package and publish the jar for one Spark. */
object Jar {

  private val sparkJars =
    TaskKey[File]("sparkJars", "Copies this Spark's jars from Maven into target/, to run them.")

  def settings(build: SparkBuild): Seq[Setting[_]] = compiled(build) ++ Seq(
    name := build.name,
    // By default, sbt would remove the dot.
    moduleName := build.name,
    description := s"${description.value}, for Spark ${build.spark}",
    libraryDependencies ++= Seq(
      "org.scalatest" %% "scalatest" % "3.2.19" % Test,
      "org.scalatestplus" %% "scalacheck-1-18" % "3.2.19.0" % Test
    ),
    Compile / resourceGenerators += Def.task {
      // What this jar was built for; SparkBuild compares it with the Spark that runs.
      val file = (Compile / resourceManaged).value / "org" / "rayonspark" / "build.properties"
      val lines = Seq(
        s"spark=${build.spark}",
        s"scala=${build.scala}",
        s"version=${version.value}",
        s"builds=${SparkBuilds.all.map(other => s"${other.spark}_${other.scala}").mkString(", ")}"
      )
      IO.writeLines(file, lines)
      Seq(file)
    },
    Compile / packageBin / mappings := {
      val checkout = (LocalRootProject / baseDirectory).value
      val python = checkout / "python"
      // The Python package is at the root: Spark puts jars from --packages on Python's path.
      val files = ((python / "rayonspark") ** ("*.py" || "py.typed" || "builds.csv")).get()
      // Classes from the cache come with the other content of the jar that was cached.
      val classes = (Compile / packageBin / mappings).value.filterNot { case (_, path) =>
        path.startsWith("rayonspark") || path == "META-INF/LICENSE"
      }
      classes ++ files.pair(Path.relativeTo(python)) :+ (checkout / "LICENSE" -> "META-INF/LICENSE")
    },
    Compile / packageDoc / publishArtifact := false,
    // The directory may contain an earlier build of the same version.
    publishConfiguration ~= (_.withOverwrite(true)),
    // Caches compiled classes by the content of the sources and of the class path.
    extraIncOptions ++= ("pyspark" -> build.pyspark) +: scalacOptions.value.map("scalac" -> _),
    pushRemoteCacheTo := Some(MavenCache("compiled", SharedCache.directory / "classes")),
    Compile / pushRemoteCacheConfiguration ~= (_.withOverwrite(true)),
    Test / pushRemoteCacheConfiguration ~= (_.withOverwrite(true)),
    Test / fork := true,
    Test / forkOptions ~= (_.withWorkingDirectory(file(".").getCanonicalFile)),
    Test / parallelExecution := false,
    Test / javaOptions ++= Seq("-Xmx1g", "-Dfile.encoding=UTF-8") ++ SparkJvm.options,
    sparkJars := {
      val folder = target.value / s"spark-${build.pyspark}-jars"
      val jars = (Compile / externalDependencyClasspath).value.map(_.data)
      IO.delete(folder)
      IO.copy(jars.map(jar => jar -> folder / jar.getName))
      folder
    }
  )

  /** Compiler settings and class path for one Spark; the examples use them too. */
  def compiled(build: SparkBuild): Seq[Setting[_]] = classPath(build) ++ Seq(
    // Spark provides Scala, Jackson and SLF4J. The published jar has no dependencies.
    autoScalaLibrary := false,
    scalaVersion := build.scalaVersion,
    scalacOptions ++= Seq(
      "-encoding",
      "UTF-8",
      "-release",
      build.java,
      "-deprecation",
      "-feature",
      "-unchecked"
    ) ++ lint(build.scala),
    // -classfile: Spark's jars use annotations whose classes are not included.
    javacOptions ++= Seq(
      "-encoding",
      "UTF-8",
      "--release",
      build.java,
      "-Xlint:all,-classfile",
      "-Werror"
    )
  )

  private def classPath(build: SparkBuild): Seq[Setting[_]] = Seq(
    libraryDependencies ++= build.libraries,
    Compile / unmanagedJars :=
      build.jars((LocalRootProject / baseDirectory).value).map(Attributed.blank),
    Test / unmanagedJars := (Compile / unmanagedJars).value
  )

  private def lint(scala: String): Seq[String] = scala match {
    // Scala 2.13 checks for unused code; 2.12 reports some used objects as unused.
    case "2.12" => Seq("-Xlint:-unused,_", "-Xfatal-warnings")
    case _ =>
      Seq(
        "-Xlint",
        "-Wunused",
        "-Werror",
        // Scala 2.12 has these conversions only under this deprecated name.
        "-Wconf:cat=deprecation&origin=scala\\.collection\\.JavaConverters.*:silent"
      )
  }
}
