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

/** Uses staging without Ray: the test itself writes the files that are requested. */
final class ArrowImportSuite extends AnyFunSuite with LocalSpark with Eventually {
  private val schema = new StructType().add("id", LongType)
  private val limit = 20.seconds
  private implicit val context: ExecutionContext = ExecutionContext.global

  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(Span(20, Seconds), Span(20, Millis))

  private var queue: ImportQueue = _

  private def importing[A](blocks: Int, limit: Long = 1000)(
      test: (ArrowImport, FakeStaging) => A
  ): Unit = {
    spark.sparkContext
    val staging = new FakeStaging(limit)
    try {
      val all = Vector.fill(blocks)(ImportBlock(rows = 1, bytes = 100, rayNodeId = "n1"))
      queue = new ImportQueue(staging)
      val frame = queue.start(schema, all)
      frame.begin()
      try test(frame, staging)
      finally frame.close()
      eventually(assert(staging.files.isEmpty))
      eventually(assert(staging.pool.used("driver") == 0))
      assert(staging.waiters == 0)
    } finally staging.close()
  }

  private def write(frame: ArrowImport, request: BlockRequest, bytes: Int = 100): Path = {
    val path = Paths.get(request.path)
    Files.createDirectories(path.getParent)
    Files.write(path, new Array[Byte](bytes))
    frame.staged(request.path, bytes.toLong)
    path
  }

  private def requests(frame: ArrowImport): Vector[BlockRequest] =
    Iterator
      .continually(queue.next(100.milliseconds))
      .takeWhile(_.nonEmpty)
      .flatten
      .collect { case ImportEvent.BlockRequested(frame.id, request) => request }
      .toVector

  /** Returns the next request, which must be the only one. */
  private def request(): BlockRequest = queue.next(limit) match {
    case Vector(ImportEvent.BlockRequested(_, request)) => request
    case other => fail(s"$other")
  }

  private def client(frame: ArrowImport): ImportClient =
    new ImportClient(SparkRpc.ofThisApplication(), frame.endpoint, "driver", () => false)

  private def fetch(frame: ArrowImport, block: Int): Future[ImportClient.Fetched] =
    Future(client(frame).fetch(block))

  test("a Dataset without blocks requests nothing") {
    importing(0) { (frame, _) =>
      assert(requests(frame).isEmpty)
      assert(frame.report("blocks") == 0)
    }
  }

  test("the first blocks are requested before any reader, as many as half of the staging holds") {
    importing(20) { (frame, staging) =>
      assert(requests(frame).map(_.block) == (0 until 5))
      assert(staging.pool.used("driver") == 500)
    }
  }

  test("a reader waits until its block is staged, and again when its file is gone") {
    importing(1) { (frame, _) =>
      val reading = fetch(frame, 0)
      val first = write(frame, request())
      Await.result(reading, limit).close()
      Files.delete(first)
      val again = fetch(frame, 0)
      val second = write(frame, request())
      assert(first != second)
      Await.result(again, limit).close()
    }
  }

  test("the least recently used file is evicted when another one needs its room") {
    importing(12) { (frame, staging) =>
      for (block <- 0 until 12) {
        val reading = fetch(frame, block)
        while (!reading.isCompleted) requests(frame).foreach(write(frame, _))
        Await.result(reading, limit).close()
        assert(staging.pool.used("driver") <= 1000)
      }
      // One file each, in the frame's own directory.
      eventually(assert(staging.pool.used("driver") == 1000))
    }
  }

  test("the reader of a block that cannot be written gets the reason, and its memory is released") {
    importing(1) { (frame, staging) =>
      val reading = fetch(frame, 0)
      // The failure must come after the reader: the request is older than the reader.
      eventually(assert(frame.report("read_bytes") == 100))
      frame.failed(request().path, "Ray is tired.")
      val error = intercept[ExchangeException](Await.result(reading, limit))
      assert(error.getMessage == "Ray is tired.")
      assert(staging.pool.used("driver") == 0)
    }
  }

  test("dropping the last reference releases the frame") {
    importing(1) { (frame, _) =>
      frame.retain()
      frame.retain()
      frame.release()
      assert(!frame.released)
      frame.release()
      assert(frame.released)
    }
  }

  test("readers that wait when the frame is released get an error, and a late file is deleted") {
    importing(20) { (frame, staging) =>
      val waiting = requests(frame)
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
      assert(requests(frame).isEmpty)
      assert(frame.released)
      intercept[ExchangeException](frame.require())
      Files.deleteIfExists(staging.directory.resolve(frame.id))
    }
  }

  test("current and later readers get the reason why blocks are no longer written") {
    importing(1) { (frame, _) =>
      frame.retain()
      val waiting = fetch(frame, 0)
      eventually(assert(frame.report("read_bytes") == 100))
      queue.close("Python has left.")
      queue.close("It is too late for this reason.")
      val later = fetch(frame, 0)
      for (reader <- Vector(waiting, later)) {
        val error = intercept[ExchangeException](Await.result(reader, limit))
        assert(error.getMessage == "Python has left.")
      }
      val error = intercept[ExchangeException](frame.require())
      assert(error.getMessage == "Python has left.")
      val refused = intercept[ExchangeException](queue.start(schema, Vector.empty))
      assert(refused.getMessage == "Python has left.")
      frame.release()
      val gone = intercept[ExchangeException](Await.result(fetch(frame, 0), limit))
      assert(gone.getMessage.contains("released"))
    }
  }

  test("a frame requests nothing before it begins, and nothing when it is over") {
    importing(0) { (_, staging) =>
      val other = queue.start(schema, Vector.fill(3)(ImportBlock(1, 100, "n1")))
      assert(queue.next(10.milliseconds).isEmpty)
      assert(staging.pool.used("driver") == 0)
      other.fail(new ExchangeException("It is over."))
      assert(intercept[ExchangeException](other.begin()).getMessage == "It is over.")
      assert(queue.next(limit) == Vector(ImportEvent.FrameReleased(other.id)))
      assert(staging.pool.used("driver") == 0)
    }
  }

  test("one queue has the events of all frames, without the obsolete ones") {
    importing(1) { (frame, _) =>
      val other = queue.start(schema, Vector.fill(2)(ImportBlock(1, 100, "n1")))
      other.begin()
      other.close()
      assert(queue.next(limit).map(_.frame).toSet == Set(frame.id, other.id))
      assert(!queue.closed)
      queue.close("Python has left.")
      assert(queue.closed)
      assert(requests(frame).isEmpty)
    }
  }

  test("the cluster's end ends the frame with an error that says so") {
    importing(1) { (frame, staging) =>
      staging.end()
      intercept[ClusterStoppedException](frame.require())
      intercept[ExchangeException](ArrowImport.find(frame.id))
    }
  }
}
