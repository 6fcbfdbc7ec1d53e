package org.rayonspark.conf

import org.scalacheck.Gen
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks
import org.scalatestplus.scalacheck.ScalaCheckDrivenPropertyChecks

final class ByteSizeSuite
    extends AnyFunSuite
    with TableDrivenPropertyChecks
    with ScalaCheckDrivenPropertyChecks {

  test("a size is parsed with its binary unit") {
    val sizes = Table(
      ("text", "bytes"),
      ("1", 1L),
      ("4096", 4096L),
      ("4096b", 4096L),
      ("1k", 1024L),
      ("500m", 500L << 20),
      ("500MB", 500L << 20),
      ("1.5g", 1536L << 20),
      ("2gb", 2L << 30),
      (" 1 GiB ", 1L << 30),
      ("0.5t", 512L << 30),
      ("1p", 1L << 50)
    )
    forAll(sizes)((text, bytes) => assert(ByteSize.parse(text) == Right(bytes)))
  }

  test("text that is not a size is rejected") {
    val shape = """it must be a size such as "500m", "1.5g", "2gb" or "4096" (bytes)"""
    val texts = Table(
      ("text", "why"),
      ("", shape),
      ("m", shape),
      ("-1", shape),
      ("1e9", shape),
      ("1,5g", shape),
      ("5 kilos", shape),
      ("1x", shape),
      ("0", "a size must be at least 1 byte"),
      ("0.9", "a size must be at least 1 byte"),
      ("9000p", "it is more than 8 EiB")
    )
    forAll(texts)((text, why) => assert(ByteSize.parse(text) == Left(why)))
  }

  test("a size is formatted in the largest unit that fits") {
    val sizes = Table(
      ("bytes", "text"),
      (0L, "0 bytes"),
      (1023L, "1023 bytes"),
      (1024L, "1 KiB"),
      (500L << 20, "500 MiB"),
      (1536L << 20, "1.5 GiB"),
      ((1L << 30) - 1, "1023.99 MiB"),
      (Long.MaxValue, "8191.99 PiB")
    )
    forAll(sizes)((bytes, text) => assert(ByteSize.format(bytes) == text))
  }

  test("a number without a unit is in bytes") {
    forAll(Gen.choose(1L, Long.MaxValue))(n => assert(ByteSize.parse(s"$n") == Right(n)))
  }

  test("a formatted size parses to the same size, within rounding") {
    forAll(Gen.choose(1L, Long.MaxValue)) { n =>
      val again = ByteSize.parse(ByteSize.format(n).stripSuffix(" bytes")).map(BigDecimal(_))
      assert(again.exists(size => size <= n && size >= BigDecimal(n) * 0.98))
    }
  }
}
