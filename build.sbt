import org.rayonspark.build.{SparkJvm, Version}

val sparkVersion = "4.2.0"

/** The one whose client is in Spark. */
val hadoopVersion = "3.5.0"

/** The checkout: what the halves share lies here. */
val checkout = LocalRootProject / baseDirectory

ThisBuild / organization := "org.rayonspark"
ThisBuild / scalaVersion := "2.13.18"
ThisBuild / version := Version.read((ThisBuild / baseDirectory).value)
ThisBuild / description := "Ray inside Spark: a Ray cluster on the executors of a Spark application"
ThisBuild / versionScheme := Some("early-semver")
ThisBuild / licenses := Seq(License.Apache2)
// Where publishToDirectory writes: a repository that `--repositories file:///…` can name.
ThisBuild / publishTo := Some(
  MavenCache("directory", file(sys.props.getOrElse("rayonspark.repository", "target/repository")))
)
addCommandAlias("publishToDirectory", "rayonspark/publish")

lazy val common = Seq(
  // Spark brings Scala, Jackson and SLF4J; nothing of it, and nothing else, goes to a user.
  autoScalaLibrary := false,
  libraryDependencies ++= Seq(
    "org.scala-lang" % "scala-library" % scalaVersion.value % Provided,
    "org.apache.spark" %% "spark-sql" % sparkVersion % Provided,
    "org.apache.spark" %% "spark-kubernetes" % sparkVersion % Provided
  ),
  scalacOptions ++= Seq(
    "-encoding",
    "UTF-8",
    "-release",
    "17",
    "-deprecation",
    "-feature",
    "-unchecked",
    "-Xlint",
    "-Wunused",
    "-Werror"
  ),
  javacOptions ++= Seq("-encoding", "UTF-8", "--release", "17", "-Xlint:all", "-Werror")
)

lazy val rayonspark = (project in file("jvm"))
  .settings(common)
  .settings(
    name := "rayonspark",
    libraryDependencies ++= Seq(
      "org.scalatest" %% "scalatest" % "3.2.19" % Test,
      "org.scalatestplus" %% "scalacheck-1-18" % "3.2.19.0" % Test
    ),
    Compile / packageBin / mappings ++= {
      val python = checkout.value / "python"
      // The Python half is at the root: Spark puts the jars of --packages on Python's path.
      val half = ((python / "rayonspark") ** ("*.py" || "py.typed")).get()
      half.pair(Path.relativeTo(python)) :+ (checkout.value / "LICENSE" -> "META-INF/LICENSE")
    },
    Compile / packageDoc / publishArtifact := false,
    Test / fork := true,
    Test / parallelExecution := false,
    Test / javaOptions ++= Seq("-Xmx1g", "-Dfile.encoding=UTF-8") ++ SparkJvm.options
  )

/** The Scala and Java programs of examples/, as a user would compile them. */
lazy val examples = project
  .dependsOn(rayonspark)
  .settings(common)
  .settings(
    name := "rayonspark-examples",
    target := checkout.value / "target" / "examples",
    Compile / unmanagedSourceDirectories := Seq(baseDirectory.value),
    Compile / unmanagedResourceDirectories := Nil,
    Test / unmanagedSourceDirectories := Nil,
    publish / skip := true
  )

lazy val root = (project in file("."))
  .aggregate(rayonspark, examples)
  .settings(publish / skip := true, Compile / sources := Nil)

/** A Hadoop for tests/yarn: nothing of ours, and nothing that goes to a user. */
lazy val hadoop = (project in file("tests/yarn"))
  .settings(
    autoScalaLibrary := false,
    target := checkout.value / "target" / "hadoop",
    Compile / sources := Nil,
    Compile / resources := Nil,
    publish / skip := true,
    libraryDependencies ++= Seq(
      "hadoop-yarn-server-resourcemanager",
      "hadoop-yarn-server-nodemanager",
      "hadoop-yarn-server-timelineservice", // The ResourceManager does not start without it.
      "hadoop-yarn-client",
      "hadoop-hdfs"
    ).map("org.apache.hadoop" % _ % hadoopVersion),
    TaskKey[Unit]("classPath", "Writes the jars to target/hadoop/class-path.") := IO.write(
      target.value / "class-path",
      (Runtime / externalDependencyClasspath).value.map(_.data).mkString(java.io.File.pathSeparator)
    )
  )
