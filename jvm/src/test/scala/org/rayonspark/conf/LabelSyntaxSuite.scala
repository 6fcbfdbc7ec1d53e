package org.rayonspark.conf

import org.scalacheck.Gen
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks
import org.scalatestplus.scalacheck.ScalaCheckDrivenPropertyChecks

final class LabelSyntaxSuite
    extends AnyFunSuite
    with TableDrivenPropertyChecks
    with ScalaCheckDrivenPropertyChecks {

  test("a key is a word with an optional domain") {
    Seq("a", "tier", "a-b_c.d", "example.com/tier").foreach { key =>
      assert(LabelSyntax.checkKey(key) == Right(key))
    }
  }

  test("keys that Ray rejects are rejected, and so are reserved prefixes") {
    Seq("", "-a", "a-", "a b", "a/", "/a", "a,b", "a" * 64, "ray.io/x", "rayonspark.org/host")
      .foreach(key => assert(LabelSyntax.checkKey(key).isLeft, key))
  }

  test("a value is a word or empty") {
    assert(LabelSyntax.checkValue("tier", "") == Right(""))
    assert(
      LabelSyntax.checkValue("tier", "a b") == Left(
        """the value "a b" of label "tier" is not at most 63 letters, digits, '-', '_' and """ +
          "'.', with a letter or digit at both ends"
      )
    )
  }

  test("addresses are converted to valid values") {
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

  test("any text is converted to a value that Ray accepts") {
    forAll(Gen.asciiPrintableStr) { text =>
      assert(LabelSyntax.checkValue("k", LabelSyntax.valueOf(text)).isRight)
    }
  }
}
