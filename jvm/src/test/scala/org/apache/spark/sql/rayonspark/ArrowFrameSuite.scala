package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.DataFrame
import org.rayonspark.LocalSpark
import org.scalatest.funsuite.AnyFunSuite

final class ArrowFrameSuite extends AnyFunSuite with LocalSpark {
  private def partitions(frame: DataFrame, wanted: Option[Int]): Int =
    new ArrowFrame(frame, wanted, perSlot = 8).run("test", "test")(_.getNumPartitions)

  test("a Java time zone gets a name that Arrow knows") {
    val names = Map(
      "UTC" -> "UTC",
      "Z" -> "UTC",
      "UT" -> "UTC",
      "GMT" -> "UTC",
      "GMT+8" -> "+08:00",
      "UTC+01:00" -> "+01:00",
      "-03:30" -> "-03:30",
      "Etc/GMT+8" -> "-08:00",
      "SystemV/PST8PDT" -> "PST8PDT",
      "America/Los_Angeles" -> "America/Los_Angeles"
    )
    assert(names.map { case (name, _) => name -> ArrowFrame.arrowZone(name) } == names)
  }

  test("a few partitions stay as they are") {
    assert(partitions(spark.range(0, 100, 1, 1).toDF(), None) == 1)
    assert(partitions(spark.range(0, 100, 1, 16).toDF(), None) == 16)
  }

  test("many partitions are combined, and their rows stay in order") {
    val frame = spark.range(0, 10000, 1, 1000).toDF()
    assert(partitions(frame, None) == 16)
    assert(Encoded.of(frame).rows == frame.collect().toSeq)
    assert(Encoded.of(frame).batchSizes.size == 16)
  }

  test("a frame has the requested number of partitions, more or fewer, also after a shuffle") {
    val frame = spark.range(0, 1000, 1, 7).toDF()
    for (wanted <- Vector(1, 3, 7, 20)) {
      assert(partitions(frame, Some(wanted)) == wanted)
      assert(
        partitions(frame.selectExpr("id % 500 AS k").groupBy("k").count(), Some(wanted)) == wanted
      )
    }
  }

  test("a frame knows whether a second run returns the same rows") {
    def of(frame: DataFrame): (Boolean, Boolean) =
      new ArrowFrame(frame, None, perSlot = 8)
        .run("test", "test")(rows => (ArrowFrame.isDeterminate(rows), ArrowFrame.isUnordered(rows)))
    assert(of(spark.range(10).toDF()) == ((true, false)))
    val shuffled = spark.range(10).selectExpr("id % 5 AS k").groupBy("k").count()
    assert(of(shuffled) == ((false, true)))
    spark.conf.set("spark.sql.execution.sortBeforeRepartition", "false")
    try assert(of(shuffled.repartition(2)) == ((false, false)))
    finally spark.conf.unset("spark.sql.execution.sortBeforeRepartition")
  }

  test("the caller's job group does not reach the job") {
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
