package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite

class PythonInterpretersSuite extends AnyFunSuite {
  private val everySource = Map(
    "spark.pyspark.python" -> "conf",
    "spark.pyspark.driver.python" -> "driver-conf",
    "PYSPARK_PYTHON" -> "env",
    "PYSPARK_DRIVER_PYTHON" -> "driver-env"
  )

  private def chosen(
      requested: Option[String],
      caller: Option[String],
      sources: Map[String, String]
  ): PythonInterpreters = PythonInterpreters.of(requested, caller, sources.get, sources.get)

  test("without any setting, every node uses python3") {
    assert(chosen(None, None, Map.empty) == PythonInterpreters("python3", "python3"))
  }

  test("a requested interpreter overrides everything, including on the head") {
    assert(
      chosen(Some("mine"), Some("caller"), everySource) == PythonInterpreters("mine", "mine")
    )
  }

  test("the calling Python runs the head, and executors use the interpreter of Spark's workers") {
    assert(chosen(None, Some("caller"), everySource) == PythonInterpreters("caller", "conf"))
    assert(chosen(None, Some("caller"), Map.empty) == PythonInterpreters("caller", "python3"))
  }

  test("for a JVM, Spark's settings override the environment, the driver's own first") {
    // Each row is the result before its key is removed.
    val sources = Vector(
      "spark.pyspark.driver.python" -> PythonInterpreters("driver-conf", "conf"),
      "PYSPARK_DRIVER_PYTHON" -> PythonInterpreters("driver-env", "conf"),
      "spark.pyspark.python" -> PythonInterpreters("conf", "conf"),
      "PYSPARK_PYTHON" -> PythonInterpreters("env", "env"),
      "" -> PythonInterpreters("python3", "python3")
    )
    sources.foldLeft(everySource) { case (left, (key, expected)) =>
      assert(chosen(None, None, left) == expected, s"with ${left.keys}")
      left - key
    }
  }
}
