package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.DataFrame
import org.rayonspark.LocalSpark
import org.scalatest.funsuite.AnyFunSuite

final class ArrowFrameSuite extends AnyFunSuite with LocalSpark {
  private def partitions(frame: DataFrame, wanted: Option[Int]): Int =
    new ArrowFrame(frame, wanted, perSlot = 8).run("test", "test")(_.getNumPartitions)

  test("a few partitions stay as they are") {
    assert(partitions(spark.range(0, 100, 1, 1).toDF(), None) == 1)
    assert(partitions(spark.range(0, 100, 1, 16).toDF(), None) == 16)
  }

  test("many are packed, and their rows stay in order") {
    val frame = spark.range(0, 10000, 1, 1000).toDF()
    assert(partitions(frame, None) == 16)
    assert(Encoded.of(frame).rows == frame.collect().toSeq)
    assert(Encoded.of(frame).batchSizes.size == 16)
  }

  test("as many as are asked for, more or less, also behind a shuffle") {
    val frame = spark.range(0, 1000, 1, 7).toDF()
    for (wanted <- Vector(1, 3, 7, 20)) {
      assert(partitions(frame, Some(wanted)) == wanted)
      assert(
        partitions(frame.selectExpr("id % 500 AS k").groupBy("k").count(), Some(wanted)) == wanted
      )
    }
  }

  test("what a second run would give is known") {
    def of(frame: DataFrame): (Boolean, Boolean) =
      new ArrowFrame(frame, None, perSlot = 8)
        .run("test", "test")(rows => (ArrowFrame.repeats(rows), ArrowFrame.reorders(rows)))
    assert(of(spark.range(10).toDF()) == ((true, false)))
    val shuffled = spark.range(10).selectExpr("id % 5 AS k").groupBy("k").count()
    assert(of(shuffled) == ((false, true)))
    spark.conf.set("spark.sql.execution.sortBeforeRepartition", "false")
    try assert(of(shuffled.repartition(2)) == ((false, false)))
    finally spark.conf.unset("spark.sql.execution.sortBeforeRepartition")
  }

  test("the caller's job group does not reach the job, and its description is ours") {
    val sc = spark.sparkContext
    sc.setJobGroup("the caller's", "the caller's")
    val frame = new ArrowFrame(spark.range(10).toDF(), None, perSlot = 8)
    val thread = new Thread(() => frame.run("Spark to Ray", "tag") { rows => rows.count(); () })
    thread.start()
    thread.join()
    sc.clearJobGroup()
    assert(sc.statusTracker.getJobIdsForGroup("the caller's").isEmpty)
  }
}
