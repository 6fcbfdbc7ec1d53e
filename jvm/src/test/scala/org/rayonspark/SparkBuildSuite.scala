package org.rayonspark

import org.scalatest.funsuite.AnyFunSuite

class SparkBuildSuite extends AnyFunSuite {
  private val spark = org.apache.spark.SPARK_VERSION
  private val scala = _root_.scala.util.Properties.versionNumberString

  private def message(spark: String, scala: String): String =
    intercept[VersionMismatchException](SparkBuild.check(spark, scala)).getMessage

  test("the jar's own Spark is accepted, including other patch versions and vendor versions") {
    val minor = spark.split('.').take(2).mkString(".")
    SparkBuild.check()
    SparkBuild.check(s"$minor.99", scala)
    SparkBuild.check(s"$minor.1-amzn-0", scala)
  }

  test("another Spark is rejected with the name of its jar") {
    assert(message("3.5.9", "2.12.18").contains("and this is Spark 3.5.9 with Scala 2.12. "))
    assert(message("3.5.9", "2.12.18").contains("Use org.rayonspark:rayonspark-spark-3.5_2.12:"))
  }

  test("a Spark without a jar is rejected with the versions that have one") {
    assert(message("3.4.4", "2.12.17").contains("There are jars for 3.5_2.12, 3.5_2.13, 4.0_2.13"))
  }
}
