package org.rayonspark.plan

import org.scalacheck.Gen
import org.scalatest.funsuite.AnyFunSuite
import org.scalatestplus.scalacheck.ScalaCheckDrivenPropertyChecks

final class WorkerPortsSuite extends AnyFunSuite with ScalaCheckDrivenPropertyChecks {
  private val range: Range = 10000 to 10099

  test("a single node gets the whole range") {
    assert(WorkerPorts.split(range, 1) == Vector(range))
  }

  test("parts have the same size and no port in common") {
    forAll(Gen.choose(1, 200)) { nodes =>
      val parts = WorkerPorts.split(range, nodes)
      assert(parts.size == nodes && parts.forall(_.size == range.size / nodes))
      assert(parts.flatten.distinct.size == parts.map(_.size).sum)
    }
  }

  test("the remainder is the longest unused part") {
    assert(WorkerPorts.remainder(range, Vector.empty) == range)
    assert(WorkerPorts.remainder(range, Vector(range)).isEmpty)
    assert(WorkerPorts.remainder(range, Vector(10000 to 10019)) == (10020 to 10099))
    val apart = Vector(10070 to 10079, 10010 to 10019)
    assert(WorkerPorts.remainder(range, apart) == (10020 to 10069))
  }
}
