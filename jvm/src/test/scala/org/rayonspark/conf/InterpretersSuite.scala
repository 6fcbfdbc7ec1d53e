package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite

class InterpretersSuite extends AnyFunSuite {
  private val everySource = Map(
    "spark.pyspark.python" -> "conf",
    "spark.pyspark.driver.python" -> "driver-conf",
    "PYSPARK_PYTHON" -> "env",
    "PYSPARK_DRIVER_PYTHON" -> "driver-env"
  )

  private def chosen(
      asked: Option[String],
      caller: Option[String],
      sources: Map[String, String]
  ): Interpreters = Interpreters.of(asked, caller, sources.get, sources.get)

  test("where nothing is said, every node has the first python3 of its host") {
    assert(chosen(None, None, Map.empty) == Interpreters("python3", "python3"))
  }

  test("what is asked for goes before everything, on the head as well") {
    assert(chosen(Some("asked"), Some("caller"), everySource) == Interpreters("asked", "asked"))
  }

  test("a calling Python runs the head, and executors have what Spark's workers have") {
    assert(chosen(None, Some("caller"), everySource) == Interpreters("caller", "conf"))
    assert(chosen(None, Some("caller"), Map.empty) == Interpreters("caller", "python3"))
  }

  test("for a JVM, Spark's settings go before the environment, the driver's own first") {
    // Each row is what holds before its key is taken away.
    val sources = Vector(
      "spark.pyspark.driver.python" -> Interpreters("driver-conf", "conf"),
      "PYSPARK_DRIVER_PYTHON" -> Interpreters("driver-env", "conf"),
      "spark.pyspark.python" -> Interpreters("conf", "conf"),
      "PYSPARK_PYTHON" -> Interpreters("env", "env"),
      "" -> Interpreters("python3", "python3")
    )
    sources.foldLeft(everySource) { case (left, (key, expected)) =>
      assert(chosen(None, None, left) == expected, s"with ${left.keys}")
      left - key
    }
  }
}
