package org.rayonspark.data

import org.rayonspark.InvalidSpecException
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class ExportOptionsSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  test("nothing asked leaves all to the frame") {
    assert(ExportOptions.of(Map.empty) == ExportOptions.defaults)
  }

  test("numbers come as texts") {
    assert(
      ExportOptions
        .of(Map("max_rows_per_block" -> "5000000000"))
        .maxRowsPerBlock
        .contains(5000000000L)
    )
    assert(ExportOptions.of(Map("num_blocks" -> "3")).numBlocks.contains(3))
  }

  test("what can never work is an error that names the option") {
    val cases = Table(
      ("options", "message"),
      (
        Map("max_rows_per_block" -> "0"),
        "max_rows_per_block=0 is not a number of at least 1. Leave it out, or raise it."
      ),
      (
        Map("num_blocks" -> "-1"),
        "num_blocks=-1 is not a number of at least 1. Leave it out, or raise it."
      ),
      (Map("num_blocks" -> "2.5"), "num_blocks=2.5 is not a whole number. Give one of at least 1."),
      (
        Map("max_rows_per_block" -> "7", "num_blocks" -> "2"),
        "max_rows_per_block=7 and num_blocks=2 contradict each other. Give one of them."
      )
    )
    forAll(cases) { (options, message) =>
      assert(intercept[InvalidSpecException](ExportOptions.of(options)).getMessage == message)
    }
  }
}
