package org.rayonspark.data

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class BlockBytesSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val mebi = 1L << 20

  private def locations(limits: (String, Long)*): Vector[StagingLocation] = limits.toVector.map {
    case (executorId, limit) => StagingLocation(executorId, "h", "h", "n", "/d", limit)
  }

  test(
    "staging holds enough blocks for all slots of an executor, and a block has at most 128 MiB"
  ) {
    val cases = Table(
      ("locations", "slots", "bytes"),
      (locations(), 2, 128 * mebi),
      (locations("driver" -> 64 * mebi), 1, 16 * mebi),
      (locations("driver" -> 64 * mebi), 3, 8 * mebi),
      (locations("driver" -> 1 * mebi, "1" -> 64 * mebi, "2" -> 64 * mebi), 4, mebi / 6),
      (locations("1" -> 4096 * mebi, "2" -> 4096 * mebi), 4, 128 * mebi),
      (locations("1" -> 1L), 4, 1L)
    )
    forAll(cases)((locations, slots, bytes) => assert(BlockBytes.fair(locations, slots) == bytes))
  }
}
