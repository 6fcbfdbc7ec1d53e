package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.DataFrame
import org.rayonspark.LocalSpark
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

/** Rows are read directly from Spark's cache, so this suite covers the layouts it can have. */
final class CachedRowsSuite extends AnyFunSuite with LocalSpark with TableDrivenPropertyChecks {
  private val rows = 45000L

  private def cached(columns: String*): DataFrame =
    spark.range(0, rows, 1, 2).selectExpr(columns: _*).cache()

  private def fromCache(frame: DataFrame, batchBytes: Long = 1L << 20): Unit = {
    val encoded = Encoded.of(frame, batchBytes)
    assert(encoded.sources == Set("CachedRows"))
    assert(encoded.rows == frame.collect().toSeq)
  }

  test("an empty cache has no rows") {
    fromCache(spark.range(5).where("id > 9").selectExpr("id", "'a' s").cache())
  }

  test("every encoding of a cached column is read, with nulls and without") {
    val columns = Table(
      "column",
      // Plain.
      "concat('text-', id)",
      "id / 7D",
      // Run length.
      "concat('group-', id div 700)",
      "id div 700",
      "CAST(id div 700 AS smallint)",
      "CAST(id div 9000 AS tinyint)",
      // Dictionary.
      "concat('a word of many letters ', id % 50)",
      "(id % 50) * 1000000007",
      "CAST((id % 50) * 1000003 AS int)",
      // Differences.
      "CAST(id AS int)",
      "id",
      "DATE'2020-01-01' + CAST(id AS int)",
      "TIMESTAMP'2020-01-01 00:00:00' + make_dt_interval(0, 0, 0, id)",
      // Bits.
      "id % 3 = 0",
      "CAST(id AS float)",
      "repeat('ü', CAST(id % 4 AS int))"
    )
    forAll(columns) { column =>
      for (
        expression <- Vector(
          column,
          s"IF(id % 13 = 5, NULL, $column)",
          s"IF(id > 1, NULL, $column)"
        )
      ) {
        val frame = cached(s"$expression AS c", "id")
        fromCache(frame)
        fromCache(frame, 1L << 14)
        frame.unpersist()
      }
    }
  }

  test("an uncompressed cache is read as well") {
    spark.conf.set("spark.sql.inMemoryColumnarStorage.compressed", "false")
    try fromCache(cached("id div 700 AS a", "concat('group-', id div 700) AS b", "id % 3 = 0 AS c"))
    finally spark.conf.unset("spark.sql.inMemoryColumnarStorage.compressed")
  }

  test("columns that are only selected, renamed and reordered never become rows") {
    val frame = cached("id", "id / 7D AS x", "concat('text-', id) AS s")
    fromCache(frame.select("s", "id"))
    fromCache(frame.selectExpr("x AS y", "id AS other", "x AS again"))
    fromCache(frame.select("x"))
  }

  test("computed columns are read as rows") {
    val frame = cached("id", "concat('text-', id) AS s")
    val more = frame.selectExpr("id + 1 AS next", "s").where("next > 7")
    val encoded = Encoded.of(more)
    assert(encoded.sources == Set("ByRow"))
    assert(encoded.rows == more.collect().toSeq)
  }

  test("a cache after a shuffle, which is planned adaptively, is read as well") {
    val frame =
      spark.range(0, rows).selectExpr("id % 100 AS k", "id AS v").groupBy("k").sum("v").cache()
    assert(Encoded.of(frame).rows.toSet == frame.collect().toSet)
  }
}
