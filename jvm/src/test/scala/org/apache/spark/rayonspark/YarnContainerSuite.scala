package org.apache.spark.rayonspark

import org.apache.spark.SparkConf
import org.scalatest.funsuite.AnyFunSuite

class YarnContainerSuite extends AnyFunSuite {
  private val mib = 1L << 20

  private def conf(entries: (String, String)*): SparkConf = {
    val made = new SparkConf(false).set("spark.master", "yarn")
    entries.foreach { case (key, value) => made.set(key, value) }
    made
  }

  test("an executor's container has the memory that Spark requests") {
    assert(YarnContainer.memory(conf(), isDriver = false) == 1408 * mib)
    assert(YarnContainer.memory(conf("spark.executor.memory" -> "8g"), false) == (8192 + 819) * mib)
    val all = conf(
      "spark.executor.memory" -> "2g",
      "spark.executor.memoryOverhead" -> "1000",
      "spark.executor.pyspark.memory" -> "100m",
      "spark.memory.offHeap.enabled" -> "true",
      "spark.memory.offHeap.size" -> "50m"
    )
    assert(YarnContainer.memory(all, isDriver = false) == (2048 + 1000 + 100 + 50) * mib)
  }

  test("Hadoop is reached as the application's user") {
    assert(YarnContainer.environment.keySet == Set("HADOOP_USER_NAME"))
  }

  test("a driver runs in a container only in cluster mode") {
    assert(!YarnContainer.isHere(conf(), isDriver = true))
    assert(YarnContainer.isHere(conf(), isDriver = false))
    assert(YarnContainer.isHere(conf("spark.submit.deployMode" -> "cluster"), isDriver = true))
    assert(!YarnContainer.isHere(new SparkConf(false).set("spark.master", "local[2]"), false))
    val driver = conf("spark.driver.memory" -> "512m", "spark.executor.memory" -> "8g")
    assert(YarnContainer.memory(driver, isDriver = true) == (512 + 384) * mib)
  }
}
