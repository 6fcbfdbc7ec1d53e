package org.apache.spark.rayonspark

import org.scalatest.funsuite.AnyFunSuite

class SparkDriverSuite extends AnyFunSuite {
  test("an executor's host is known before its block manager has a port") {
    assert(SparkDriver.hostOf("10.0.0.7:4040") == "10.0.0.7")
    assert(SparkDriver.hostOf("10.0.0.7") == "10.0.0.7")
    assert(SparkDriver.hostOf("[fe80::1]:4040") == "[fe80::1]")
    assert(SparkDriver.hostOf("[fe80::1]") == "[fe80::1]")
  }
}
