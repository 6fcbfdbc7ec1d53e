package org.rayonspark.data

import org.scalatest.funsuite.AnyFunSuite

final class ImportStateSuite extends AnyFunSuite {
  private val all: String => Boolean = _ => true

  /** Two files beside executor 1, staged in that order, and one beside executor 2. */
  private val staged = Seq(("/a", 0, "1"), ("/b", 1, "1"), ("/c", 0, "2"))
    .foldLeft(ImportState()) { case (state, (path, block, executorId)) =>
      state.demand(path, block, executorId, 100)
    }
    .staged("/a", 110)
    .staged("/b", 120)
    .staged("/c", 130)

  private def eldest(state: ImportState, executorId: String): Option[String] =
    state.eldest(executorId, all).map(_._1)

  test("a block is found beside the executor that it was demanded for, ready or not") {
    val (path, file) = staged.find(0, "2").get
    assert((path, file.ready, file.bytes) == (("/c", true, 130L)))
    assert(staged.find(1, "2").isEmpty)
    val demanded = staged.demand("/d", 1, "2", 100)
    assert(demanded.find(1, "2").exists(!_._2.ready))
  }

  test("what is read stays, and what was read longest ago goes first") {
    val reading = staged.pin("/a", "1").pin("/b", "1")
    assert(eldest(reading, "1").isEmpty)
    assert(eldest(reading.unpin("/b", "1"), "1").contains("/b"))
    assert(eldest(reading.unpin("/b", "1").unpin("/a", "1"), "1").contains("/a"))
    assert(eldest(staged.pin("/a", "1").unpin("/a", "1"), "1").contains("/b"))
  }

  test("a file with two readers stays until both have gone") {
    val reading = staged.pin("/c", "2").pin("/c", "2").unpin("/c", "2")
    assert(eldest(reading, "2").isEmpty)
    assert(eldest(reading.unpin("/c", "2"), "2").contains("/c"))
  }

  test("the readers of an executor that is gone hold nothing") {
    val reading = staged.pin("/c", "2").pin("/c", "3")
    assert(reading.eldest("2", _ != "3").isEmpty)
    assert(reading.unpin("/c", "2").eldest("2", _ != "3").map(_._1).contains("/c"))
  }

  test("what is on its way, or given up, does not go") {
    val demanded = ImportState().demand("/d", 0, "1", 100)
    assert(eldest(demanded, "1").isEmpty)
    assert(eldest(staged.drop("/c"), "2").isEmpty)
    assert(staged.drop("/c").staged("/c", 1) == staged.drop("/c"))
  }
}
