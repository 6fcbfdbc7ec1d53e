package org.rayonspark.conf

import org.scalacheck.Gen
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks
import org.scalatestplus.scalacheck.ScalaCheckDrivenPropertyChecks

final class LabelSyntaxSuite
    extends AnyFunSuite
    with TableDrivenPropertyChecks
    with ScalaCheckDrivenPropertyChecks {

  test("a key is a word, after a domain if it has one") {
    Seq("a", "tier", "a-b_c.d", "example.com/tier").foreach { key =>
      assert(LabelSyntax.checkKey(key) == Right(key))
    }
  }

  test("a key that Ray refuses is refused, and so is one of ours") {
    Seq("", "-a", "a-", "a b", "a/", "/a", "a,b", "a" * 64, "ray.io/x", "rayonspark.org/host")
      .foreach(key => assert(LabelSyntax.checkKey(key).isLeft, key))
  }

  test("a value is a word or nothing") {
    assert(LabelSyntax.checkValue("tier", "") == Right(""))
    assert(
      LabelSyntax.checkValue("tier", "a b") == Left(
        """the value "a b" of label "tier" is not at most 63 letters, digits, '-', '_' and '.', """ +
          "with a letter or digit at both ends"
      )
    )
  }

  test("addresses become values") {
    val addresses = Table(
      ("address", "value"),
      ("10.0.0.1", "10.0.0.1"),
      ("host-1.example.com", "host-1.example.com"),
      ("fe80::1", "fe80--1"),
      ("::1", "1"),
      ("", "")
    )
    forAll(addresses)((address, value) => assert(LabelSyntax.valueOf(address) == value))
  }

  test("whatever text it is made of, a value is one that Ray takes") {
    forAll(Gen.asciiPrintableStr) { text =>
      assert(LabelSyntax.checkValue("k", LabelSyntax.valueOf(text)).isRight)
    }
  }
}
