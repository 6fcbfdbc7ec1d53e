package org.rayonspark.build

import sbt._

import scala.sys.process._

/**
 * A Spark that a jar is built for: a line of `python/rayonspark/builds.csv`.
 *
 * @param spark
 *   minor version of Spark
 * @param scala
 *   binary version of Scala
 * @param pyspark
 *   version of Spark that the jar is compiled against and tested with
 * @param java
 *   oldest Java that the jar runs on
 */
final case class SparkBuild(spark: String, scala: String, pyspark: String, java: String) {
  val name: String = s"rayonspark-spark-$spark"

  /** The id of the sbt project. */
  val id: String = s"spark${spark}_$scala".filterNot(_ == '.')

  /** The folders of sources for this Spark only, and for all Sparks of its major version. */
  val sourceFolders: Seq[String] = Seq(s"spark-$spark", s"spark-${spark.takeWhile(_ != '.')}")

  val scalaVersion: String = SparkBuild.compilers(scala)

  /**
   * Whether PyPI's pyspark has the jars for this Scala: all of Spark, including YARN and
   * Kubernetes. It has those for one Scala only; the others come from Maven.
   */
  private val packaged = !(spark == "3.5" && scala == "2.13")

  def libraries: Seq[ModuleID] =
    if (packaged) Nil else Seq("org.apache.spark" %% "spark-sql" % pyspark % Provided)

  def jars(checkout: File): Seq[File] = {
    val home = Process(Seq("tools/spark.sh", pyspark), checkout).!!.trim
    val jars =
      IO.listFiles(new File(home, "pyspark/jars")).filter(_.getName.endsWith(".jar")).sorted
    // Maven does not have every module for both Scalas. The Kubernetes jars in use fit both.
    if (packaged) jars else jars.filter(_.getName.contains("kubernetes"))
  }
}

object SparkBuild {
  private val compilers = Map("2.12" -> "2.12.20", "2.13" -> "2.13.18")

  def all(checkout: File): Seq[SparkBuild] =
    IO.readLines(new File(checkout, "python/rayonspark/builds.csv")).tail.map { line =>
      val Array(spark, scala, pyspark, java) = line.split(',')
      SparkBuild(spark, scala, pyspark, java)
    }
}
