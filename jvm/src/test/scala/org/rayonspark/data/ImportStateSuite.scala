package org.rayonspark.data

import org.rayonspark.ExchangeException
import org.rayonspark.data.ImportState.{FileState, Want}
import org.scalatest.funsuite.AnyFunSuite

final class ImportStateSuite extends AnyFunSuite {
  private val everyExecutor: String => Boolean = _ => true
  private val why = new ExchangeException("It is over.")

  private def location(executorId: String): StagingLocation =
    StagingLocation(executorId, "h", "h", s"node-$executorId", s"/$executorId", 1000)

  private def reader(executorId: String): ImportReader = ImportReader(executorId, _ => ())

  private def wanting(state: ImportState, block: Int, at: String, by: Option[ImportReader] = None) =
    state.want(block, 100, location(at), s"/$at/frame", by)

  /** Returns the state after a block has been staged, and its path. */
  private def staged(state: ImportState, block: Int, at: String): (ImportState, String) =
    wanting(state, block, at) match {
      case (asked, Want.Reserve(request, bytes)) =>
        val (reserved, true) = asked.granted(request): @unchecked
        (reserved.take._1.staged(request.path, bytes + 10)._1, request.path)
      case (_, other) => fail(s"$other")
    }

  private def both: (ImportState, String, String) = {
    val (one, a) = staged(ImportState(), 0, "1")
    val (two, b) = staged(one, 1, "1")
    (two, a, b)
  }

  private def oldest(state: ImportState, alive: String => Boolean = everyExecutor): Option[String] =
    state.evict("1", alive)._2.map(_._1)

  test("the empty state has no files and no requests") {
    val empty = ImportState()
    assert(empty.take == ((empty, None)))
    assert(empty.staged("/a", 1) == ((empty, None)))
    assert(empty.drop("/a") == ((empty, None)))
    assert(empty.evict("1", everyExecutor) == ((empty, None)))
    assert(empty.unpin("/a", "1") == empty)
    assert(!empty.granted(BlockRequest(0, "1", "n", "/a"))._2)
  }

  test("a block needs memory first, then it is requested once, and then it is ready") {
    val (asked, want) = wanting(ImportState(), 7, "1")
    val request = BlockRequest(7, "1", "node-1", "/1/frame/7-1.arrow")
    assert(want == Want.Reserve(request, 100))
    assert(asked.take._2.isEmpty)
    assert(asked.files(request.path).state == FileState.Asked)
    val (reserved, true) = asked.granted(request): @unchecked
    val (taken, first) = reserved.take
    assert(first.contains(request))
    assert(taken.take._2.isEmpty)
    val (there, before) = taken.staged(request.path, 90)
    assert(before.exists(_.bytes == 100))
    assert(there.files(request.path).bytes == 90)
    assert(wanting(there, 7, "1")._2 == Want.Ready(request.path))
  }

  test("a second reader of a requested file waits for it, and reads it when it is ready") {
    val (asked, Want.Reserve(request, _)) =
      wanting(ImportState(), 0, "1", Some(reader("1"))): @unchecked
    val (again, want) = wanting(asked, 0, "1", Some(reader("2")))
    assert(want == Want.Pending)
    val (there, before) = again.granted(request)._1.staged(request.path, 100)
    assert(before.get.waiting.map(_.executorId) == Vector("1", "2"))
    assert(there.files(request.path).waiting.isEmpty)
    assert(there.files(request.path).pins == Vector("1", "2"))
    assert(oldest(there).isEmpty)
  }

  test("a block is staged on each executor that wants it, and no path is used twice") {
    val (one, a) = staged(ImportState(), 0, "1")
    val (two, b) = staged(one, 0, "2")
    val (three, c) = staged(two.drop(a)._1, 0, "1")
    assert(Set(a, b, c).size == 3)
    assert(three.files.keySet == Set(b, c))
  }

  test("a file with readers is not evicted, and the least recently used one is evicted first") {
    val (state, a, b) = both
    def read(from: ImportState, block: Int): ImportState =
      wanting(from, block, "1", Some(reader("1")))._1
    val reading = read(read(state, 0), 1)
    assert(oldest(reading).isEmpty)
    assert(oldest(reading.unpin(b, "1")).contains(b))
    assert(oldest(reading.unpin(b, "1").unpin(a, "1")).contains(a))
    assert(oldest(read(state, 0).unpin(a, "1")).contains(b))
    assert(state.evict("2", everyExecutor)._2.isEmpty)
  }

  test("a file with two readers is not evicted before both are done") {
    val (state, a) = staged(ImportState(), 0, "1")
    val reading = (1 to 2).foldLeft(state)((s, _) => wanting(s, 0, "1", Some(reader("1")))._1)
    assert(oldest(reading.unpin(a, "1")).isEmpty)
    assert(oldest(reading.unpin(a, "1").unpin(a, "1")).contains(a))
  }

  test("the readers of an executor that is gone pin no file") {
    val (state, a) = staged(ImportState(), 0, "1")
    val reading = wanting(state, 0, "1", Some(reader("3")))._1
    assert(oldest(reading).isEmpty)
    assert(oldest(reading, _ != "3").contains(a))
  }

  test("a requested file is not evicted, and a dropped one is not requested") {
    val (asked, Want.Reserve(request, _)) =
      wanting(ImportState(), 0, "1", Some(reader("1"))): @unchecked
    val (reserved, _) = asked.granted(request)
    assert(oldest(reserved).isEmpty)
    val (dropped, file) = reserved.drop(request.path)
    assert(file.exists(f => f.state == FileState.Reserved && f.waiting.size == 1))
    assert(dropped.take._2.isEmpty)
    assert(!dropped.granted(request)._2)
    assert(dropped.staged(request.path, 100)._2.isEmpty)
  }

  test("only the first end returns all files, and nothing is requested after it") {
    val (state, _, _) = both
    val (asked, Want.Reserve(request, _)) = wanting(state, 2, "1", Some(reader("1"))): @unchecked
    val (over, left) = asked.granted(request)._1.end(why)
    assert(left.get.size == 3)
    assert(over.over.contains(why))
    assert(over.files.isEmpty && over.take._2.isEmpty)
    assert(over.end(new ExchangeException("Again.")) == ((over, None)))
  }

  test("bytes that do not cross hosts are counted separately") {
    val reading = ImportState().read(10, local = true).read(5, local = false).reading
    assert((reading.bytes, reading.localBytes) == ((15, 10)))
  }
}
