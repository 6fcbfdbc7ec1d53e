package org.rayonspark.data

import org.rayonspark.ExchangeException
import org.rayonspark.data.ImportState.{Stage, Want}
import org.scalatest.funsuite.AnyFunSuite

final class ImportStateSuite extends AnyFunSuite {
  private val everybody: String => Boolean = _ => true
  private val why = new ExchangeException("It is over.")

  private def place(executorId: String): StagingPlace =
    StagingPlace(executorId, "h", "h", s"node-$executorId", s"/$executorId", 1000)

  private def reader(executorId: String): ImportReader = ImportReader(executorId, _ => ())

  private def wanting(state: ImportState, block: Int, at: String, by: Option[ImportReader] = None) =
    state.want(block, 100, place(at), s"/$at/frame", by)

  /** The state after a block has come all the way; its path. */
  private def staged(state: ImportState, block: Int, at: String): (ImportState, String) =
    wanting(state, block, at) match {
      case (asked, Want.Claim(demand, bytes)) =>
        val (claimed, true) = asked.granted(demand): @unchecked
        (claimed.take._1.staged(demand.path, bytes + 10)._1, demand.path)
      case (_, other) => fail(s"$other")
    }

  private def both: (ImportState, String, String) = {
    val (one, a) = staged(ImportState(), 0, "1")
    val (two, b) = staged(one, 1, "1")
    (two, a, b)
  }

  private def eldest(state: ImportState, alive: String => Boolean = everybody): Option[String] =
    state.giveUp("1", alive)._2.map(_._1)

  test("nothing is there, and nothing of it can be had") {
    val empty = ImportState()
    assert(empty.take == ((empty, None)))
    assert(empty.staged("/a", 1) == ((empty, None)))
    assert(empty.drop("/a") == ((empty, None)))
    assert(empty.giveUp("1", everybody) == ((empty, None)))
    assert(empty.unpin("/a", "1") == empty)
    assert(!empty.granted(Demand(0, "1", "n", "/a"))._2)
  }

  test("a block needs room first, then it is demanded once, and then it is there") {
    val (asked, want) = wanting(ImportState(), 7, "1")
    val demand = Demand(7, "1", "node-1", "/1/frame/7-1.arrow")
    assert(want == Want.Claim(demand, 100))
    assert(asked.take._2.isEmpty)
    assert(asked.files(demand.path).stage == Stage.Asked)
    val (claimed, true) = asked.granted(demand): @unchecked
    val (taken, first) = claimed.take
    assert(first.contains(demand))
    assert(taken.take._2.isEmpty)
    val (there, before) = taken.staged(demand.path, 90)
    assert(before.exists(_.bytes == 100))
    assert(there.files(demand.path).bytes == 90)
    assert(wanting(there, 7, "1")._2 == Want.Ready(demand.path))
  }

  test("who wants what is on its way waits for it, and reads it when it is there") {
    val (asked, Want.Claim(demand, _)) =
      wanting(ImportState(), 0, "1", Some(reader("1"))): @unchecked
    val (again, want) = wanting(asked, 0, "1", Some(reader("2")))
    assert(want == Want.OnItsWay)
    val (there, before) = again.granted(demand)._1.staged(demand.path, 100)
    assert(before.get.waiting.map(_.executorId) == Vector("1", "2"))
    assert(there.files(demand.path).waiting.isEmpty)
    assert(there.files(demand.path).pins == Vector("1", "2"))
    assert(eldest(there).isEmpty)
  }

  test("a block is staged beside each executor that wants it, and no path is used twice") {
    val (one, a) = staged(ImportState(), 0, "1")
    val (two, b) = staged(one, 0, "2")
    val (three, c) = staged(two.drop(a)._1, 0, "1")
    assert(Set(a, b, c).size == 3)
    assert(three.files.keySet == Set(b, c))
  }

  test("what is read stays, and what was read longest ago goes first") {
    val (state, a, b) = both
    def read(from: ImportState, block: Int): ImportState =
      wanting(from, block, "1", Some(reader("1")))._1
    val reading = read(read(state, 0), 1)
    assert(eldest(reading).isEmpty)
    assert(eldest(reading.unpin(b, "1")).contains(b))
    assert(eldest(reading.unpin(b, "1").unpin(a, "1")).contains(a))
    assert(eldest(read(state, 0).unpin(a, "1")).contains(b))
    assert(state.giveUp("2", everybody)._2.isEmpty)
  }

  test("a file with two readers stays until both have gone") {
    val (state, a) = staged(ImportState(), 0, "1")
    val reading = (1 to 2).foldLeft(state)((s, _) => wanting(s, 0, "1", Some(reader("1")))._1)
    assert(eldest(reading.unpin(a, "1")).isEmpty)
    assert(eldest(reading.unpin(a, "1").unpin(a, "1")).contains(a))
  }

  test("the readers of an executor that is gone hold nothing") {
    val (state, a) = staged(ImportState(), 0, "1")
    val reading = wanting(state, 0, "1", Some(reader("3")))._1
    assert(eldest(reading).isEmpty)
    assert(eldest(reading, _ != "3").contains(a))
  }

  test("what is on its way does not go, and what is dropped is not demanded") {
    val (asked, Want.Claim(demand, _)) =
      wanting(ImportState(), 0, "1", Some(reader("1"))): @unchecked
    val (claimed, _) = asked.granted(demand)
    assert(eldest(claimed).isEmpty)
    val (dropped, file) = claimed.drop(demand.path)
    assert(file.exists(f => f.stage == Stage.Claimed && f.waiting.size == 1))
    assert(dropped.take._2.isEmpty)
    assert(!dropped.granted(demand)._2)
    assert(dropped.staged(demand.path, 100)._2.isEmpty)
  }

  test("the end comes once, with all that there was, and nothing is demanded after it") {
    val (state, _, _) = both
    val (asked, Want.Claim(demand, _)) = wanting(state, 2, "1", Some(reader("1"))): @unchecked
    val (over, left) = asked.granted(demand)._1.end(why)
    assert(left.get.size == 3)
    assert(over.over.contains(why))
    assert(over.files.isEmpty && over.take._2.isEmpty)
    assert(over.end(new ExchangeException("Again.")) == ((over, None)))
  }

  test("bytes are counted by whether they stayed on their host") {
    val reading = ImportState().read(10, local = true).read(5, local = false).reading
    assert((reading.bytes, reading.localBytes) == ((15, 10)))
  }
}
