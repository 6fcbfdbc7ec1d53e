package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

import scala.concurrent.duration.DurationLong

final class DurationsSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  test("a duration is parsed with its unit, and in seconds without one") {
    val durations = Table(
      ("text", "milliseconds"),
      ("1ms", 1L),
      ("120", 120000L),
      ("120s", 120000L),
      ("1.5 s", 1500L),
      ("2min", 120000L),
      ("2m", 120000L),
      ("1H", 3600000L),
      ("1d", 86400000L)
    )
    forAll(durations)((text, length) => assert(Durations.parse(text) == Right(length.millis)))
  }

  test("text that is not a duration is rejected") {
    val shape = """it must be a duration such as "120s", "2min" or "500ms""""
    val texts = Table(
      ("text", "why"),
      ("", shape),
      ("-1s", shape),
      ("soon", shape),
      ("0s", "it must be at least 1 ms"),
      ("366d", "it must be a year or less")
    )
    forAll(texts)((text, why) => assert(Durations.parse(text) == Left(why)))
  }

  test("a duration is formatted in seconds") {
    assert(Durations.format(120.seconds) == "120s")
    assert(Durations.format(1500.millis) == "1.5s")
  }
}
