import org.rayonspark.build.{Jar, SparkBuilds, Version}

/** The version whose client is in Spark. */
val hadoopVersion = "3.5.0"

/** The checkout, which contains what Python and the JVM share. */
val checkout = LocalRootProject / baseDirectory

ThisBuild / organization := "org.rayonspark"
ThisBuild / version := Version.read((ThisBuild / baseDirectory).value)
ThisBuild / description := "Ray inside Spark: a Ray cluster on the executors of a Spark application"
ThisBuild / versionScheme := Some("early-semver")
ThisBuild / licenses := Seq(License.Apache2)
// A Maven repository, for `--repositories file:///…`.
ThisBuild / publishTo := Some(
  MavenCache("directory", file(sys.props.getOrElse("rayonspark.repository", "target/repository")))
)

/** The jar for the newest Spark; project/SparkBuilds.scala makes a project for each Spark. */
lazy val newest = LocalProject(SparkBuilds.newest.id)

// The jar of one Spark, or of each; compiles only what no checkout on this machine has compiled.
addCommandAlias("jar", SparkBuilds.packed(Seq(SparkBuilds.newest)))
addCommandAlias("jars", SparkBuilds.packed(SparkBuilds.all))
addCommandAlias(
  "testJar",
  s"${newest.project}/pullRemoteCache; test; ${newest.project}/pushRemoteCache"
)

/** The Scala and Java programs of examples/, as a user would compile them. */
lazy val examples = project
  .dependsOn(newest)
  .settings(Jar.compiled(SparkBuilds.newest))
  .settings(
    name := "rayonspark-examples",
    target := checkout.value / "target" / "examples",
    Compile / unmanagedSourceDirectories := Seq(baseDirectory.value),
    Compile / unmanagedResourceDirectories := Nil,
    Test / unmanagedSourceDirectories := Nil,
    publish / skip := true
  )

lazy val root = (project in file("."))
  .aggregate(newest, examples)
  .settings(publish / skip := true, Compile / sources := Nil)

/** Hadoop, for tests/yarn only. */
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
