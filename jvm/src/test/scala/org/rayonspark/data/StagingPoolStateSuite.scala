package org.rayonspark.data

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class StagingPoolStateSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val empty = StagingPoolState(Map("a" -> 100L, "b" -> 100L))

  private def reservations(some: (String, Long)*): (StagingPoolState, Vector[Long]) =
    some.zipWithIndex.foldLeft((empty, Vector.empty[Long])) {
      case ((state, granted), ((executorId, bytes), ticket)) =>
        val (after, more) = state.reserve(executorId, bytes, ticket.toLong)
        (after, granted ++ more)
    }

  test("reservations are granted as long as they fit, for each executor separately") {
    val cases = Table(
      ("reservations", "granted"),
      (Seq("a" -> 0L), Vector(0L)),
      (Seq("a" -> 100L), Vector(0L)),
      (Seq("a" -> 60L, "a" -> 40L), Vector(0L, 1L)),
      (Seq("a" -> 60L, "a" -> 41L), Vector(0L)),
      (Seq("a" -> 60L, "b" -> 60L, "a" -> 60L, "b" -> 40L), Vector(0L, 1L, 3L)),
      (Seq("stranger" -> 60L, "stranger" -> 1L), Vector(0L))
    )
    forAll(cases)((some, granted) => assert(reservations(some: _*)._2 == granted))
  }

  test("a block larger than the limit is granted when nothing else is staged") {
    assert(reservations("a" -> 1000L)._2 == Vector(0L))
    val (state, granted) = reservations("a" -> 10L, "a" -> 1000L)
    assert(granted == Vector(0L))
    assert(state.release("a", 10)._2 == Vector(1L))
  }

  test("bytes that are freed before their reservation is settled do not count forever") {
    // A block of 110 bytes, reserved as 100: it is read and freed before its writer adds the 10.
    val (reserved, _) = reservations("a" -> 100L)
    val (freed, _) = reserved.release("a", 110)
    val (settled, _) = freed.release("a", -10)
    assert(settled.used.isEmpty)
    assert(settled.reserve("a", 1000, 9)._2 == Vector(9L))
  }

  test("a small reservation is not granted before a large one that waits longer") {
    val (state, granted) = reservations("a" -> 60L, "a" -> 50L, "a" -> 10L)
    assert(granted == Vector(0L))
    assert(state.release("a", 60)._2 == Vector(1L, 2L))
  }

  test("a withdrawn reservation is never granted, and no longer blocks those behind it") {
    val (state, _) = reservations("a" -> 60L, "a" -> 50L, "a" -> 10L)
    val (after, granted) = state.forget(1)
    assert(granted == Vector(2L))
    assert(after.waiting.isEmpty)
    assert(after.used == Map("a" -> 70L))
    assert(after.forget(1) == ((after, Vector.empty)))
  }

  test("bytes that are being deleted are in use until then, and no others are evicted for them") {
    val (state, _) = reservations("a" -> 80L, "a" -> 50L)
    assert(state.isShort("a"))
    assert(!state.isShort("b"))
    val leaving = state.leave("a", 30)
    assert(!leaving.isShort("a"))
    assert(leaving.used == Map("a" -> 80L))
    val (after, granted) = leaving.left("a", 30)
    assert(granted == Vector(1L))
    assert(after.used == Map("a" -> 100L))
  }

  test("released bytes are free again, and bytes beyond a reservation count as used") {
    val (state, _) = reservations("a" -> 60L)
    assert(state.release("a", -30)._1.used == Map("a" -> 90L))
    assert(state.release("a", 20)._1.used == Map("a" -> 40L))
    assert(state.release("a", 60)._1.used.isEmpty)
  }
}
