package org.rayonspark.data

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class BlockBytesSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val mebi = 1L << 20

  private def places(limits: (String, Long)*): Vector[StagingPlace] = limits.toVector.map {
    case (executorId, limit) => StagingPlace(executorId, "h", "h", "n", "/d", limit)
  }

  test("a block fits often enough for all slots of an executor, and has 128 MiB at most") {
    val cases = Table(
      ("places", "slots", "bytes"),
      (places(), 2, 128 * mebi),
      (places("driver" -> 64 * mebi), 1, 16 * mebi),
      (places("driver" -> 64 * mebi), 3, 8 * mebi),
      (places("driver" -> 1 * mebi, "1" -> 64 * mebi, "2" -> 64 * mebi), 4, mebi / 6),
      (places("1" -> 4096 * mebi, "2" -> 4096 * mebi), 4, 128 * mebi),
      (places("1" -> 1L), 4, 1L)
    )
    forAll(cases)((places, slots, bytes) => assert(BlockBytes.fair(places, slots) == bytes))
  }
}
