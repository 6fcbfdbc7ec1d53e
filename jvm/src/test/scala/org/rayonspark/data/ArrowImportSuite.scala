package org.rayonspark.data

import org.apache.spark.rayonspark.SparkRpc
import org.apache.spark.sql.types.{LongType, StructType}
import org.rayonspark.{ClusterStoppedException, ExchangeException, LocalSpark}
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Millis, Seconds, Span}

import java.nio.file.{Files, Path, Paths}
import scala.concurrent.duration._
import scala.concurrent.{Await, ExecutionContext, Future}

/** Against a staging without Ray: the test writes the files that are demanded. */
final class ArrowImportSuite extends AnyFunSuite with LocalSpark with Eventually {
  private val schema = new StructType().add("id", LongType)
  private val limit = 20.seconds
  private implicit val context: ExecutionContext = ExecutionContext.global

  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(Span(20, Seconds), Span(20, Millis))

  private def importing[A](blocks: Int, limit: Long = 1000)(
      test: (ArrowImport, FakeStaging) => A
  ): Unit = {
    spark.sparkContext
    val staging = new FakeStaging(limit)
    try {
      val all = Vector.fill(blocks)(ImportBlock(rows = 1, bytes = 100, rayNodeId = "n1"))
      val frame = ArrowImport.start(staging, schema, all)
      try test(frame, staging)
      finally frame.close()
      eventually(assert(staging.files.isEmpty))
      eventually(assert(staging.room.used("driver") == 0))
      assert(staging.waiters == 0)
    } finally staging.close()
  }

  private def write(frame: ArrowImport, demand: Demand, bytes: Int = 100): Path = {
    val path = Paths.get(demand.path)
    Files.createDirectories(path.getParent)
    Files.write(path, new Array[Byte](bytes))
    frame.staged(demand.path, bytes.toLong)
    path
  }

  private def demands(frame: ArrowImport): Vector[Demand] =
    Iterator.continually(frame.nextDemand(100.milliseconds)).takeWhile(_.isDefined).flatten.toVector

  private def desk(frame: ArrowImport): ImportDesk =
    new ImportDesk(SparkRpc.ofThisApplication(), frame.desk, "driver", () => false)

  private def fetch(frame: ArrowImport, block: Int): Future[ImportDesk.Fetched] =
    Future(desk(frame).fetch(block))

  test("a Dataset without blocks demands nothing") {
    importing(0) { (frame, _) =>
      assert(demands(frame).isEmpty)
      assert(frame.report("blocks") == 0)
    }
  }

  test("the first blocks are demanded before anybody reads, as many as half of the room holds") {
    importing(20) { (frame, staging) =>
      assert(demands(frame).map(_.block) == (0 until 5))
      assert(staging.room.used("driver") == 500)
    }
  }

  test("a reader waits until its block is there, and again when its file is gone") {
    importing(1) { (frame, _) =>
      val reading = fetch(frame, 0)
      val first = write(frame, frame.nextDemand(limit).get)
      Await.result(reading, limit).close()
      Files.delete(first)
      val again = fetch(frame, 0)
      val second = write(frame, frame.nextDemand(limit).get)
      assert(first != second)
      Await.result(again, limit).close()
    }
  }

  test("the file that was read longest ago goes when another one needs its room") {
    importing(12) { (frame, staging) =>
      for (block <- 0 until 12) {
        val reading = fetch(frame, block)
        while (!reading.isCompleted) demands(frame).foreach(write(frame, _))
        Await.result(reading, limit).close()
        assert(staging.room.used("driver") <= 1000)
      }
      // One file each, in the frame's own directory.
      eventually(assert(staging.room.used("driver") == 1000))
    }
  }

  test("what cannot be written is told to its reader, and takes no room") {
    importing(1) { (frame, staging) =>
      val reading = fetch(frame, 0)
      // Else nobody would hear of the failure: the demand was there before the reader.
      eventually(assert(frame.report("read_bytes") == 100))
      frame.failed(frame.nextDemand(limit).get.path, "Ray is tired.")
      val error = intercept[ExchangeException](Await.result(reading, limit))
      assert(error.getMessage == "Ray is tired.")
      assert(staging.room.used("driver") == 0)
    }
  }

  test("the last one to let go releases the frame") {
    importing(1) { (frame, _) =>
      frame.hold()
      frame.hold()
      frame.letGo()
      assert(!frame.released)
      frame.letGo()
      assert(frame.released)
    }
  }

  test("who waits when the frame is released is told, and a late file is deleted") {
    importing(20) { (frame, staging) =>
      val waiting = demands(frame)
      val reading = fetch(frame, 0)
      val forRoom = fetch(frame, 19)
      eventually(assert(frame.report("read_bytes") == 200))
      frame.close()
      for (reader <- Vector(reading, forRoom)) {
        val error = intercept[ExchangeException](Await.result(reader, limit))
        assert(error.getMessage.contains("released"))
      }
      val late = write(frame, waiting.head)
      eventually(assert(!Files.exists(late)))
      assert(frame.nextDemand(limit).isEmpty)
      assert(frame.released)
      intercept[ExchangeException](frame.require())
      Files.deleteIfExists(staging.directory.resolve(frame.id))
    }
  }

  test("the cluster's end ends the frame, and says so") {
    importing(1) { (frame, staging) =>
      staging.end()
      intercept[ClusterStoppedException](frame.require())
      intercept[ExchangeException](ArrowImport.find(frame.id))
    }
  }
}
