package org.rayonspark.data

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class StagingLedgerSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val empty = StagingLedger(Map("a" -> 100L, "b" -> 100L))

  private def claims(some: (String, Long)*): (StagingLedger, Vector[Long]) =
    some.zipWithIndex.foldLeft((empty, Vector.empty[Long])) {
      case ((ledger, granted), ((executorId, bytes), ticket)) =>
        val (after, more) = ledger.claim(executorId, bytes, ticket.toLong)
        (after, granted ++ more)
    }

  test("claims are granted as long as they fit, each executor for itself") {
    val cases = Table(
      ("claims", "granted"),
      (Seq("a" -> 0L), Vector(0L)),
      (Seq("a" -> 100L), Vector(0L)),
      (Seq("a" -> 60L, "a" -> 40L), Vector(0L, 1L)),
      (Seq("a" -> 60L, "a" -> 41L), Vector(0L)),
      (Seq("a" -> 60L, "b" -> 60L, "a" -> 60L, "b" -> 40L), Vector(0L, 1L, 3L)),
      (Seq("stranger" -> 60L, "stranger" -> 1L), Vector(0L))
    )
    forAll(cases)((some, granted) => assert(claims(some: _*)._2 == granted))
  }

  test("a block larger than the limit goes when nothing else is there") {
    assert(claims("a" -> 1000L)._2 == Vector(0L))
    val (ledger, granted) = claims("a" -> 10L, "a" -> 1000L)
    assert(granted == Vector(0L))
    assert(ledger.free("a", 10)._2 == Vector(1L))
  }

  test("a small claim does not go before a large one that waits longer") {
    val (ledger, granted) = claims("a" -> 60L, "a" -> 50L, "a" -> 10L)
    assert(granted == Vector(0L))
    assert(ledger.free("a", 60)._2 == Vector(1L, 2L))
  }

  test("a claim that is taken back lets those behind it go, and is never granted") {
    val (ledger, _) = claims("a" -> 60L, "a" -> 50L, "a" -> 10L)
    val (after, granted) = ledger.forget(1)
    assert(granted == Vector(2L))
    assert(after.waiting.isEmpty)
    assert(after.used == Map("a" -> 70L))
    assert(after.forget(1) == ((after, Vector.empty)))
  }

  test("what is being deleted is in use until it is gone, and is not asked for twice") {
    val (ledger, _) = claims("a" -> 80L, "a" -> 50L)
    assert(ledger.isShort("a"))
    assert(!ledger.isShort("b"))
    val leaving = ledger.leave("a", 30)
    assert(!leaving.isShort("a"))
    assert(leaving.used == Map("a" -> 80L))
    val (after, granted) = leaving.left("a", 30)
    assert(granted == Vector(1L))
    assert(after.used == Map("a" -> 100L))
  }

  test("what is given back is there again, and more than was claimed counts as well") {
    val (ledger, _) = claims("a" -> 60L)
    assert(ledger.free("a", -30)._1.used == Map("a" -> 90L))
    assert(ledger.free("a", 20)._1.used == Map("a" -> 40L))
    assert(ledger.free("a", 60)._1.used.isEmpty)
    assert(ledger.free("a", 61)._1.used.isEmpty)
  }
}
