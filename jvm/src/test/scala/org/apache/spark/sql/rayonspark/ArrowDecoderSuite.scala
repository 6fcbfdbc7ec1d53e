package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.catalyst.CatalystTypeConverters
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, Row}
import org.rayonspark.LocalSpark
import org.scalatest.funsuite.AnyFunSuite

import java.io.ByteArrayInputStream
import java.nio.channels.Channels
import scala.collection.JavaConverters._

final class ArrowDecoderSuite extends AnyFunSuite with LocalSpark {
  import EveryType._

  private val rows = 3000L
  private val batchBytes = 1L << 16

  private def decoded(frame: DataFrame, columns: Seq[Int]): Seq[Row] = {
    val schema = StructType(columns.map(frame.schema(_)))
    val toScala = CatalystTypeConverters.createToScalaConverter(schema)
    Encoded.of(frame, batchBytes).streams.flatMap { bytes =>
      val decoder =
        new ArrowDecoder(Channels.newChannel(new ByteArrayInputStream(bytes)), columns.toArray)
      try
        Iterator
          .continually(decoder.next())
          .takeWhile(identity)
          .flatMap(_ => decoder.batch.rowIterator.asScala)
          .map(row => toScala(row).asInstanceOf[Row])
          .toVector
      finally decoder.close()
    }
  }

  private def expected(frame: DataFrame, columns: Seq[Int]): Seq[Row] =
    frame.collect().toSeq.map(row => Row.fromSeq(columns.map(row.get)))

  private def same(frame: DataFrame, columns: Seq[Int]): Unit =
    assert(comparable(decoded(frame, columns)) == comparable(expected(frame, columns)))

  test("every type is read unchanged, over several batches") {
    val all = flat ++ nested
    same(spark.range(0, rows, 1, 2).selectExpr(all: _*), all.indices)
  }

  test("nulls are read as nulls, also if only some batches have them") {
    val all = withNulls(flat ++ nested)
    same(spark.range(0, rows, 1, 2).selectExpr(all: _*), all.indices)
    // Only the last batch has nulls: the decoder must not reuse what it knows of another batch.
    val late = spark.range(0, rows, 1, 1).selectExpr(s"IF(id > ${rows - 100}, NULL, id) AS late")
    same(late, Seq(0))
  }

  test("only the requested columns are returned") {
    val frame = spark.range(0, rows, 1, 1).selectExpr(withNulls(flat): _*)
    same(frame, Seq(4, 9))
  }
}
