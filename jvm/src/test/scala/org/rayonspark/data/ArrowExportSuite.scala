package org.rayonspark.data

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.rayonspark.StreamRows
import org.rayonspark.{ClusterStoppedException, ExchangeException, InvalidSpecException, LocalSpark}
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Millis, Seconds, Span}

import java.nio.file.{Files, Paths}
import scala.concurrent.{Await, ExecutionContext, Future}
import scala.concurrent.duration._

final class ArrowExportSuite extends AnyFunSuite with LocalSpark with Eventually {
  private val mebi = 1L << 20
  private val limit = 1.minute

  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(Span(20, Seconds), Span(20, Millis))

  private def numbers(rows: Long, partitions: Int): DataFrame =
    spark.range(0, rows, 1, partitions).selectExpr("id", "-id AS minus")

  private def exporting[A](
      frame: DataFrame,
      options: ExportOptions = ExportOptions.defaults,
      limit: Long = 256 * mebi
  )(test: (ArrowExport, FakeStaging) => A): A = {
    val staging = new FakeStaging(limit)
    try {
      val export1 = ArrowExport.start(staging, frame, options)
      val result =
        try test(export1, staging)
        finally export1.close()
      eventually(assert(staging.files.isEmpty))
      assert(staging.waiters == 0)
      result
    } finally staging.close()
  }

  /** Reads and releases all blocks, each as soon as it is staged. */
  private def drain(
      from: ArrowExport
  )(look: StagedBlock => Unit): Vector[(StagedBlock, Seq[Long])] = {
    var all = Vector.empty[(StagedBlock, Seq[Long])]
    while (!from.finished) {
      val blocks = from.take(1.second)
      blocks.foreach(look)
      all = all ++ blocks.map(b => (b, read(b)))
      from.release(blocks.map(_.id))
    }
    all.sortBy { case (b, _) => (b.partition, b.sequence) }
  }

  private def read(block: StagedBlock): Seq[Long] = {
    val ids = StreamRows.longs(Files.readAllBytes(Paths.get(block.path)))
    assert(ids.size == block.rows)
    assert(Files.size(Paths.get(block.path)) == block.bytes)
    ids
  }

  /** Returns the blocks that are ready first: one or more. */
  private def first(from: ArrowExport): Vector[StagedBlock] = {
    val deadline = limit.fromNow
    Iterator
      .continually(from.take(1.second))
      .takeWhile(_ => deadline.hasTimeLeft())
      .find(_.nonEmpty)
      .get
  }

  test("a frame without rows has a schema and no blocks") {
    exporting(numbers(0, 3)) { (from, _) =>
      assert(drain(from)(_ => ()).isEmpty)
      assert(from.schema.nonEmpty)
      assert(from.report.get("rows") == 0.0)
    }
  }

  test("partitions become blocks, and the rows and their order are unchanged") {
    exporting(numbers(100000, 5)) { (from, staging) =>
      val blocks = drain(from)(b => assert(b.rayNodeId == "n1"))
      assert(blocks.map(_._1.partition) == Vector(0, 1, 2, 3, 4))
      assert(blocks.flatMap(_._2) == (0L until 100000L))
      assert(staging.files.isEmpty)
      assert(from.report.get("rows") == 100000.0)
      assert(from.report.get("blocks") == 5.0)
      assert(from.report.get("bytes") == blocks.map(_._1.bytes).sum.toDouble)
      assert(from.report.get("local_bytes") == from.report.get("bytes"))
      assert(from.report.get("encode_s") > 0)
    }
  }

  test("a frame much larger than the limit is moved, and no more than the limit is ever staged") {
    exporting(numbers(4000000, 4), limit = 8 * mebi) { (from, staging) =>
      var most = 0L
      val blocks = drain(from)(_ => most = most.max(staging.bytes))
      assert(blocks.flatMap(_._2) == (0L until 4000000L))
      assert(most > mebi)
      assert(most <= 8 * mebi)
      assert(blocks.size > 20)
    }
  }

  test("no task writes more than the limit while no block is released") {
    exporting(numbers(4000000, 4), limit = 8 * mebi) { (from, staging) =>
      val taken = first(from)
      eventually(assert(staging.bytes > 6 * mebi))
      assert(staging.bytes <= 8 * mebi)
      assert(taken.forall(b => Files.exists(Paths.get(b.path))))
    }
  }

  test("a single row that is larger than the limit is moved when nothing else is staged") {
    val frame = spark.range(0, 6, 1, 2).selectExpr("id", "repeat('x', 3000000) AS long")
    exporting(frame, limit = 2 * mebi) { (from, _) =>
      assert(drain(from)(_ => ()).flatMap(_._2) == (0L until 6L))
    }
  }

  test("the user's row limit applies to every block, and the same rows make the same blocks") {
    val options = ExportOptions(Some(777), None)
    def sizes: Vector[(Long, Long)] = exporting(numbers(10000, 3), options) { (from, _) =>
      drain(from)(_ => ()).map { case (b, _) => (b.rows, b.bytes) }
    }
    val once = sizes
    assert(once.map(_._1).sum == 10000)
    assert(once.map(_._1).max == 777)
    assert(sizes == once)
  }

  test("the export has as many blocks as the user asks for, even more than there are rows") {
    for (wanted <- Vector(1, 4, 9)) {
      val blocks =
        exporting(numbers(5, 3), ExportOptions(None, Some(wanted)))((f, _) => drain(f)(_ => ()))
      assert(blocks.size == wanted)
      assert(blocks.flatMap(_._2).sorted == (0L until 5L))
    }
  }

  test("a block that is requested again is returned again with the same rows") {
    val options = ExportOptions(Some(1000), None)
    exporting(numbers(10000, 2), options) { (from, staging) =>
      val early = first(from)
      val taken = early.head
      val ids = read(taken)
      from.release(early.tail.map(_.id))
      from.recompute(taken)
      val again = drain(from)(_ => ())
      assert((early ++ again.map(_._1)).map(_.id).toSet == (0L until 10L).toSet)
      assert(again.collect { case (b, rows) if b.id == taken.id => rows } == Vector(ids))
      from.recomputeForRetry(taken.id, taken.path)
      val late = eventually {
        val asked = from.takeForRetry(limit)
        assert(asked.map(_.id) == Vector(taken.id))
        asked.head
      }
      assert(read(late) == ids)
      assert(from.finished)
      assert(staging.files.map(_.toString) == Vector(late.path))
      from.releaseForRetry(Vector(late.id))
      eventually(assert(staging.files.isEmpty))
    }
  }

  test("blocks that are lost with their node are encoded again, and those handed out are not") {
    exporting(numbers(100000, 4)) { (from, staging) =>
      val taken = first(from)
      // Count blocks, not files: a task that loses its draft fails, and local mode has no retries.
      eventually(assert(from.report.get("blocks") == 4.0))
      staging.replaceNode()
      from.release(taken.map(_.id))
      val blocks = drain(from)(b => assert(b.rayNodeId == "n2"))
      assert(blocks.map(_._1.id).toSet == Set(0L, 1L, 2L, 3L) -- taken.map(_.id))
    }
  }

  test("rows that a shuffle may reorder are not mixed with those encoded before") {
    val shuffled = numbers(10000, 3).repartition(2)
    exporting(shuffled, ExportOptions(Some(1000), None)) { (from, _) =>
      from.recompute(first(from).head)
      val error = intercept[ExchangeException](drain(from)(_ => ()))
      assert(error.getMessage.contains("is encoded a second time"))
    }
    // A partition that is one block has the same rows in any order.
    exporting(shuffled) { (from, _) =>
      first(from).foreach(from.recompute(_))
      assert(drain(from)(_ => ()).flatMap(_._2).sorted == (0L until 10000L))
    }
  }

  test("an export is not finished before all blocks are released, and its end wakes waiters") {
    exporting(numbers(1000, 1)) { (from, _) =>
      val taken = first(from)
      // encode_s stops changing when all is encoded.
      eventually(assert(from.report.get("encode_s") == from.report.get("encode_s")))
      assert(from.take(0.seconds).isEmpty)
      assert(!from.finished)
      from.recompute(taken.head)
      val again = first(from)
      assert(again.map(_.id) == taken.map(_.id))
      val waiter = Future(from.take(limit))(ExecutionContext.global)
      from.release(again.map(_.id))
      assert(Await.result(waiter, limit).isEmpty)
      assert(from.finished)
    }
  }

  test("no block can be requested after the end, and an unknown block is an error") {
    exporting(numbers(1000, 1)) { (from, _) =>
      val block = drain(from)(_ => ()).head._1
      val strange = intercept[ExchangeException](from.recomputeForRetry(7, block.path))
      assert(strange.getMessage.startsWith("Block 7 was requested again, but the DataFrame has 1"))
      from.close()
      intercept[ExchangeException](from.recomputeForRetry(block.id, block.path))
      intercept[ExchangeException](from.takeForRetry(limit))
      intercept[ExchangeException](from.recompute(block))
    }
  }

  test("a row that fails is reported with its reason, and leaves no files") {
    val frame =
      spark.range(0, 100000, 1, 4).selectExpr("IF(id = 77777, raise_error('mine'), id) AS id")
    exporting(frame) { (from, _) =>
      val error = intercept[ExchangeException](drain(from)(_ => ()))
      assert(error.getMessage.contains("mine"))
      assert(error.getMessage.endsWith("Fix the cause, then move the DataFrame again."))
      assert(error.getCause != null)
    }
  }

  test("closing an export whose tasks wait for room ends the job and leaves no files") {
    exporting(numbers(4000000, 4), limit = 8 * mebi) { (from, _) =>
      first(from)
      from.close()
      from.close()
      val error = intercept[ExchangeException](from.take(limit))
      assert(error.getMessage == "The transfer from Spark to Ray was closed. Start it again.")
      eventually(assert(spark.sparkContext.statusTracker.getActiveJobIds().isEmpty))
    }
  }

  test("cancelling all jobs ends the export") {
    exporting(numbers(4000000, 4), limit = 8 * mebi) { (from, _) =>
      first(from)
      spark.sparkContext.cancelAllJobs()
      val error = intercept[ExchangeException](while (true) from.take(limit))
      assert(error.getMessage.contains("cancel"))
    }
  }

  test("the cluster's end ends the export, and a stopped cluster starts none") {
    exporting(numbers(4000000, 4), limit = 8 * mebi) { (from, staging) =>
      first(from)
      staging.end()
      val error = intercept[ClusterStoppedException](from.take(limit))
      assert(error.getMessage.contains("ended while a DataFrame was being moved"))
      eventually(assert(spark.sparkContext.statusTracker.getActiveJobIds().isEmpty))
      intercept[ClusterStoppedException](
        ArrowExport.start(staging, numbers(1, 1), ExportOptions.defaults)
      )
    }
  }

  test("two concurrent exports share the staging limit, and both complete") {
    val staging = new FakeStaging(8 * mebi)
    try {
      val both = Vector.fill(2)(
        ArrowExport.start(staging, numbers(1000000, 2), ExportOptions.defaults)
      )
      var most = 0L
      val rows = both.map(_ => Vector.newBuilder[Long])
      while (!both.forall(_.finished)) both.zip(rows).foreach { case (from, all) =>
        val blocks = from.take(20.milliseconds)
        most = most.max(staging.bytes)
        blocks.foreach(b => all ++= read(b))
        from.release(blocks.map(_.id))
      }
      both.foreach(_.close())
      assert(rows.map(_.result().sorted) == Vector.fill(2)(0L until 1000000L))
      assert(most <= 8 * mebi)
    } finally staging.close()
  }

  test("a DataFrame that cannot be moved is refused before any job") {
    val staging = new FakeStaging(mebi)
    try {
      val twins = spark.sql("SELECT 1 AS a, 2 AS a")
      intercept[InvalidSpecException](ArrowExport.start(staging, twins, ExportOptions.defaults))
      val stream = spark.readStream.format("rate").load()
      val error =
        intercept[InvalidSpecException](ArrowExport.start(staging, stream, ExportOptions.defaults))
      assert(error.getMessage.startsWith("The DataFrame is a stream"))
      assert(staging.waiters == 0)
    } finally staging.close()
  }

  test("staging on another host needs its staging server, and a failure to open it is reported") {
    exporting(numbers(1000, 1)) { (from, staging) =>
      val block = drain(from)(_ => ()).head._1
      staging.close()
      from.recomputeForRetry(block.id, block.path)
      val error = intercept[ExchangeException](from.takeForRetry(limit))
      assert(error.getMessage.contains("no staging server in this test"))
      Files.createDirectory(staging.directory)
    }
  }
}
