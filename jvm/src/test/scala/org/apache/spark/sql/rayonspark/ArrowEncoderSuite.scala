package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector.types.pojo.Schema
import org.apache.spark.sql.{DataFrame, Row}
import org.rayonspark.LocalSpark
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

import java.nio.ByteBuffer
import java.nio.file.Files
import scala.collection.JavaConverters._
import scala.util.Try

final class ArrowEncoderSuite extends AnyFunSuite with LocalSpark with TableDrivenPropertyChecks {
  import EveryType._

  private val rows = 30000L

  private def frame(columns: Seq[String]): DataFrame =
    spark.range(0, rows, 1, 3).selectExpr(columns: _*)

  private def parquet(frame: DataFrame): DataFrame = {
    val directory = Files.createTempDirectory("rayonspark").toString
    frame.write.mode("overwrite").parquet(directory)
    spark.read.parquet(directory)
  }

  private def sameRows(frame: DataFrame, batchBytes: Long = 1L << 20): Encoded = {
    val encoded = Encoded.of(frame, batchBytes)
    assert(comparable(encoded.rows) == comparable(frame.collect().toSeq))
    encoded
  }

  test("an empty DataFrame is a stream with the schema") {
    val empty = frame(flat ++ nested).where("id < 0")
    val encoded = Encoded.of(empty)
    assert(encoded.rows.isEmpty)
    val message = ArrowEncoder.schemaMessage(empty.schema, "Europe/Berlin")
    val schema = Schema.deserializeMessage(ByteBuffer.wrap(message))
    assert(schema.getFields.asScala.map(_.getName) == empty.schema.names.toSeq)
    assert(schema.findField("moment").getType.toString == "Timestamp(MICROSECOND, Europe/Berlin)")
    assert(schema.findField("clock").getType.toString == "Timestamp(MICROSECOND, null)")
  }

  test("every flat type keeps Spark's values, with nulls and without, from each source") {
    val sources = Table(
      ("source", "columns", "read by"),
      ((f: DataFrame) => f, flat, "ByRow"),
      ((f: DataFrame) => f, withNulls(flat), "ByRow"),
      ((f: DataFrame) => parquet(f), flat.init, "ByColumn"),
      ((f: DataFrame) => parquet(f), withNulls(flat.init), "ByColumn"),
      ((f: DataFrame) => f.cache(), flat, "ByRow"),
      ((f: DataFrame) => f.cache(), withNulls(flat), "ByRow")
    )
    forAll(sources) { (source, columns, reader) =>
      val frame = source(this.frame(columns))
      assert(sameRows(frame).sources == Set(reader))
      frame.unpersist()
    }
  }

  test("nested types keep Spark's values, with nulls and without") {
    sameRows(frame(nested))
    sameRows(frame(withNulls(nested)))
    sameRows(parquet(frame(nested.init).limit(5000)))
  }

  test("times of the day keep Spark's values, if Spark has the type") {
    assume(Try(Class.forName("org.apache.spark.sql.types.TimeType")).isSuccess)
    spark.conf.set("spark.sql.timeType.enabled", "true")
    val times = Seq(
      "TIME'00:00:00.000001' + make_dt_interval(0, 0, 0, id) AS fine",
      "CAST(TIME'01:02:03' AS time(0)) AS coarse"
    )
    sameRows(frame(times))
    sameRows(frame(withNulls(times)))
    sameRows(frame(withNulls(times)).cache())
  }

  test("columns that contain only nulls stay null") {
    sameRows(spark.range(100).selectExpr("CAST(NULL AS string) s", "CAST(NULL AS bigint) n"))
    sameRows(
      spark.range(100).selectExpr("CAST(NULL AS string) s", "CAST(NULL AS bigint) n").cache()
    )
  }

  test("rows that are not UnsafeRows are encoded") {
    val some = Seq(Row(1, "a", null), Row(2, null, Seq(1.5)))
    sameRows(
      spark.createDataFrame(
        some.asJava,
        spark.sql("SELECT 1 a, '' b, array(1D) c").schema.asNullable
      )
    )
  }

  test("the same rows are encoded to the same bytes again, whatever the batch size") {
    val frames = Vector(frame(flat), frame(flat ++ nested), frame(flat.take(5)).cache())
    for (frame <- frames; bytes <- Vector(1L, 1L << 12, 1L << 22)) {
      val few = if (bytes == 1L) frame.where("number < 70000") else frame
      val once = sameRows(few, bytes)
      assert(Encoded.of(few, bytes).streams.map(_.toSeq) == once.streams.map(_.toSeq))
    }
  }

  test("a batch stays within its size limit, unless a single row exceeds it") {
    val texts =
      spark.range(0, 64, 1, 1).selectExpr("repeat('x', 100000 * (1 + CAST(id = 7 AS int) * 30)) t")
    val batches = Encoded.of(texts, 1L << 20).batchSizes
    assert(batches.sum == 64)
    assert(batches.max == 10)
    assert(batches.contains(1))
    assert(Encoded.of(parquet(texts), 1L << 20).batchSizes.max == 10)
  }

  test("many columns do not make large batches") {
    val wide = spark.range(0, 5000, 1, 1).selectExpr((0 until 600).map(i => s"id + $i AS c$i"): _*)
    val encoded = sameRows(wide, 1L << 20)
    assert(encoded.batchSizes.max <= (1 << 20) / (600 * 8))
    assert(sameRows(wide.cache(), 1L << 20).batchSizes.max <= (1 << 20) / (600 * 8))
  }

  test("a caller can end batches anywhere and skip the first rows, from each source") {
    val plain = frame(flat.init.take(10))
    for (source <- Vector(plain, plain.cache(), parquet(plain))) {
      val expected = source.rdd.glom().collect().toSeq.flatMap(_.toSeq.drop(7777))
      val encoded = Encoded.of(source, rowsPerFill = 999, skip = 7777)
      assert(comparable(encoded.rows) == comparable(expected))
      assert(encoded.batchSizes.max == 999)
    }
  }
}
