package org.rayonspark.data

import org.rayonspark.InvalidSpecException
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class ExportOptionsSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  test("without options the DataFrame decides") {
    assert(ExportOptions.of(Map.empty) == ExportOptions.defaults)
  }

  test("numbers are parsed from strings") {
    assert(
      ExportOptions
        .of(Map("max_rows_per_block" -> "5000000000"))
        .maxRowsPerBlock
        .contains(5000000000L)
    )
    assert(ExportOptions.of(Map("num_blocks" -> "3")).numBlocks.contains(3))
  }

  test("an invalid value is an error that names the option") {
    val cases = Table(
      ("options", "message"),
      (
        Map("max_rows_per_block" -> "0"),
        "max_rows_per_block=0 is less than 1. Raise it, or leave it out."
      ),
      (
        Map("num_blocks" -> "-1"),
        "num_blocks=-1 is less than 1. Raise it, or leave it out."
      ),
      (
        Map("num_blocks" -> "2.5"),
        "num_blocks=2.5 is not a whole number. Set a whole number of at least 1."
      ),
      (
        Map("max_rows_per_block" -> "7", "num_blocks" -> "2"),
        "max_rows_per_block=7 and num_blocks=2 contradict each other. Set only one of them."
      )
    )
    forAll(cases) { (options, message) =>
      assert(intercept[InvalidSpecException](ExportOptions.of(options)).getMessage == message)
    }
  }
}
