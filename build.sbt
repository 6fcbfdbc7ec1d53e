val sparkVersion = "4.2.0"

/** The one place that says which version this is: Python and the jar share it. */
def readVersion(file: File): String = {
  val line = """__version__ = "(.+)"""".r
  IO.readLines(file).collectFirst { case line(version) => version }
    .getOrElse(sys.error(s"no __version__ in $file"))
}

ThisBuild / organization := "org.rayonspark"
ThisBuild / scalaVersion := "2.13.18"
ThisBuild / version := readVersion((ThisBuild / baseDirectory).value / "python/rayonspark/_version.py")
ThisBuild / licenses := Seq("Apache-2.0" -> url("https://www.apache.org/licenses/LICENSE-2.0"))

lazy val rayonspark = (project in file("jvm"))
  .settings(
    name := "rayonspark",
    // Spark brings Scala, Jackson and SLF4J; nothing of it, and nothing else, goes into the jar.
    libraryDependencies ++= Seq(
      "org.apache.spark" %% "spark-sql" % sparkVersion % Provided,
      "org.scalatest" %% "scalatest" % "3.2.19" % Test,
      "org.scalatestplus" %% "scalacheck-1-18" % "3.2.19.0" % Test
    ),
    scalacOptions ++= Seq(
      "-release", "17", "-deprecation", "-feature", "-unchecked", "-Xlint", "-Wunused", "-Werror"
    ),
    javacOptions ++= Seq("--release", "17"),
    // The Python half travels at the root of the jar: Spark puts the jars of --packages on Python's path.
    Compile / unmanagedResources / includeFilter := "*",
    Compile / packageBin / mappings ++= {
      val python = (ThisBuild / baseDirectory).value / "python"
      ((python / "rayonspark") ** ("*.py" || "py.typed")).get().pair(Path.relativeTo(python))
    },
    Test / fork := true,
    Test / parallelExecution := false,
    Test / javaOptions ++= Seq("-Xmx1g") ++ org.rayonspark.build.SparkJvm.options
  )

lazy val root = (project in file("."))
  .aggregate(rayonspark)
  .settings(publish / skip := true, Compile / sources := Nil)
