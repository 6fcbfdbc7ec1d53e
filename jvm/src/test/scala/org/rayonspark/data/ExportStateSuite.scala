package org.rayonspark.data

import org.rayonspark.data.BlockReader.{Load, Retry}
import org.rayonspark.data.ExportResponse.KnownBlocks
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class ExportStateSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val nodes = Set("1" -> "n1", "2" -> "n2")

  private def block(partition: Int, sequence: Int, executorId: String = "1"): StagedBlock =
    StagedBlock(
      0,
      partition,
      sequence,
      executorId,
      s"n$executorId",
      s"/$partition-$sequence",
      10L * sequence + 1,
      100,
      local = true
    )

  /** Steps in the life of an export; each must be possible. */
  private implicit final class Steps(state: ExportState) {
    def has(some: StagedBlock, attempt: Long = 1, last: Boolean = false): ExportState =
      state.written(some, attempt, last).getOrElse(fail(s"$some was not accepted"))
    def handedOut: ExportState = state.take(Load)._1
    def loaded(ids: Long*): ExportState = state.release(Load, ids.toVector)._1
    def wanted(id: Long): ExportState = lose(Load, id)._1
    def asked(id: Long): ExportState = lose(Retry, id)._1
    def lose(reader: BlockReader, id: Long): (ExportState, Option[StagedBlock]) =
      state.want(reader, id, state.written.find(_.id == id).get.path)
  }

  private def ofLevel(how: DeterministicLevel): ExportState = ExportState().withLevel(how)

  private val two = ExportState().has(block(0, 0)).has(block(0, 1), last = true)

  test("nothing is known about a partition that no attempt has begun") {
    assert(ExportState().known(7) == Right(KnownBlocks(Vector.empty, whole = false)))
    assert(ExportState().take(Load) == ((ExportState(), Vector.empty)))
    assert(!ExportState().hasLost)
    assert(ExportState().staged.isEmpty)
  }

  test("blocks get ids in the order in which they are written, and are handed out once") {
    val state = ExportState().has(block(3, 0)).has(block(1, 0)).has(block(3, 1))
    val (after, taken) = state.take(Load)
    assert(
      taken.map(b => (b.id, b.partition, b.sequence)) == Vector((0, 3, 0), (1, 1, 0), (2, 3, 1))
    )
    assert(after.take(Load)._2.isEmpty)
    assert(after.staged.map(_.id).toSet == Set(0L, 1L, 2L))
  }

  test("a second attempt learns what the first has written, and its copies are not accepted") {
    val half = ExportState().has(block(0, 0)).handedOut
    assert(
      half.known(0) == Right(KnownBlocks(Vector(KnownBlock(1, wanted = false)), whole = false))
    )
    assert(half.written(block(0, 0), 2, last = false).isEmpty)
    assert(two.known(0).map(_.whole) == Right(true))
    assert(two.written(block(0, 2), 2, last = false).isEmpty)
  }

  test("a block that would leave a gap is not accepted") {
    assert(ExportState().written(block(0, 1), 1, last = true).isEmpty)
  }

  test("a loaded block no longer has a file, and is returned once for deletion") {
    val (after, gone) = two.handedOut.release(Load, Vector(0, 1, 1, 99))
    assert(gone.map(_.id) == Vector(0L, 1L))
    assert(after.staged.isEmpty)
    assert(after.release(Load, Vector(0))._2.isEmpty)
    assert(after.written.map(_.rows).sum == 12)
  }

  test("a block that was not handed out cannot be released") {
    assert(two.release(Load, Vector(0))._2.isEmpty)
  }

  test("a lost node loses the blocks that were not handed out") {
    val state = ExportState()
      .has(block(0, 0, "1"))
      .handedOut
      .has(block(1, 0, "1"), last = true)
      .has(block(2, 0, "2"), last = true)
    val (after, gone) = state.keepOnly(nodes - ("1" -> "n1"))
    assert(gone.map(_.partition) == Vector(1))
    assert(after.lostPartitions == Vector(1))
    assert(after.take(Load)._2.map(_.partition) == Vector(2))
    assert(state.keepOnly(nodes) == ((state, Vector.empty)))
  }

  test("a new node next to the same executor does not have the old node's blocks") {
    val (after, gone) = two.keepOnly(Set("1" -> "another"))
    assert(gone.size == 2)
    assert(after.lostPartitions == Vector(0))
  }

  test("a block that is requested again is lost until it is written, under its old id") {
    val (lost, file) = two.handedOut.lose(Load, 1)
    assert(file.map(_.path).contains("/0-1"))
    assert(lost.hasLost)
    assert(lost.lose(Load, 1) == ((lost, None)))
    assert(
      lost.known(0) ==
        Right(
          KnownBlocks(
            Vector(KnownBlock(1, wanted = false), KnownBlock(11, wanted = true)),
            whole = true
          )
        )
    )
    val again = lost.has(block(0, 1, "2"), attempt = 2)
    assert(!again.hasLost)
    assert(again.take(Load)._2.map(b => (b.id, b.executorId)) == Vector((1L, "2")))
    assert(again.known(0).map(_.whole) == Right(true))
  }

  test("a loaded block that is requested again has no file to delete") {
    val (lost, file) = two.handedOut.loaded(0, 1).lose(Load, 0)
    assert(file.isEmpty)
    assert(lost.lostPartitions == Vector(0))
  }

  test("the load needs a block until it has released it, and again when it requests it") {
    assert(ExportState().unloaded == 0)
    assert(two.unloaded == 2)
    assert(two.handedOut.unloaded == 2)
    assert(two.handedOut.loaded(1).unloaded == 1)
    assert(two.handedOut.loaded(0, 1).unloaded == 0)
    assert(two.handedOut.loaded(0, 1).wanted(1).unloaded == 1)
    assert(two.handedOut.loaded(0, 1).wanted(1).has(block(0, 1)).handedOut.loaded(1).unloaded == 0)
  }

  test("a block for a retry is handed only to the retry, and the load does not wait for it") {
    val asked = two.handedOut.loaded(0, 1).asked(1)
    assert(asked.hasLost && asked.unloaded == 0)
    val again = asked.has(block(0, 1, "2"), attempt = 2)
    assert(again.take(Load)._2.isEmpty)
    val (reading, blocks) = again.take(Retry)
    assert(blocks.map(b => (b.id, b.executorId)) == Vector((1L, "2")))
    assert(reading.take(Retry)._2.isEmpty)
    assert(reading.staged.map(_.id) == Vector(1L))
    assert(reading.release(Load, Vector(1))._2.isEmpty)
    val (after, gone) = reading.release(Retry, Vector(1))
    assert(gone.map(_.executorId) == Vector("2"))
    assert(after.staged.isEmpty)
  }

  test("a file with two readers is deleted when the second releases it") {
    val both = two.handedOut.asked(1).has(block(0, 1, "2"), attempt = 2).take(Retry)._1
    for ((first, second) <- Vector((Load, Retry), (Retry, Load))) {
      val (one, deleted) = both.release(first, Vector(1))
      assert(deleted.isEmpty)
      assert(one.release(second, Vector(1))._2.map(_.executorId) == Vector("2"))
    }
  }

  test("a block that both readers request again is written once, and handed to both") {
    val again = two.handedOut.asked(1).wanted(1).has(block(0, 1, "2"), attempt = 2)
    assert(again.take(Load)._2.map(_.id) == Vector(1L))
    assert(again.take(Retry)._2.map(_.id) == Vector(1L))
    assert(!again.hasLost)
  }

  test("a reader that misses an older file of a block gets the newer one immediately") {
    val old = two.staged.find(_.id == 1).get.path
    val renewed = two.handedOut.wanted(1).has(block(0, 1, "2").copy(path = "/new"), attempt = 2)
    val (after, gone) = renewed.want(Retry, 1, old)
    assert(gone.isEmpty && !after.hasLost)
    assert(after.take(Retry)._2.map(_.path) == Vector("/new"))
    val (lost, file) = renewed.want(Retry, 1, "/new")
    assert(file.map(_.path).contains("/new") && lost.hasLost)
    assert(lost.take(Load)._2.isEmpty)
  }

  test("a lost node loses the blocks that no retry has read yet") {
    val state = two.handedOut.loaded(0, 1).asked(1).has(block(0, 1, "2"), attempt = 2)
    val (after, gone) = state.keepOnly(nodes - ("2" -> "n2"))
    assert(gone.map(_.id) == Vector(1L))
    assert(after.lostPartitions == Vector(0))
  }

  test("rows that may differ are not added to those that were written before") {
    def half(how: DeterministicLevel): ExportState = ofLevel(how).has(block(0, 0))
    def whole(how: DeterministicLevel): ExportState = half(how).has(block(0, 1), last = true)
    def one(how: DeterministicLevel): ExportState = ofLevel(how).has(block(0, 0), last = true)
    val cases = Table(
      ("before", "continues when the same", "when unordered", "when different"),
      ((how: DeterministicLevel) => half(how), true, false, false),
      ((how: DeterministicLevel) => half(how).handedOut.loaded(0), true, false, false),
      ((how: DeterministicLevel) => whole(how), true, true, true),
      ((how: DeterministicLevel) => whole(how).wanted(1), true, false, false),
      ((how: DeterministicLevel) => one(how).wanted(0), true, true, false)
    )
    forAll(cases) { (before, same, unordered, different) =>
      assert(before(DeterministicLevel.Determinate).known(0).isRight == same)
      assert(before(DeterministicLevel.Unordered).known(0).isRight == unordered)
      assert(before(DeterministicLevel.Indeterminate).known(0).isRight == different)
    }
  }

  test("an attempt that must not continue gets the reason and the next step") {
    val Left(why) =
      ofLevel(DeterministicLevel.Indeterminate).has(block(5, 0)).known(5): @unchecked
    assert(
      why == "Partition 5 is encoded a second time, and its rows or their order may differ from " +
        "what Ray already has. Cache or checkpoint the DataFrame, then move it again."
    )
  }

  test("two concurrent attempts form one partition only if their rows are the same") {
    val cases = Table(
      ("level", "accepted"),
      (DeterministicLevel.Determinate, true),
      (DeterministicLevel.Unordered, false),
      (DeterministicLevel.Indeterminate, false)
    )
    forAll(cases) { (how, accepted) =>
      val first = ofLevel(how).has(block(0, 0), attempt = 1)
      assert(first.written(block(0, 1), 2, last = true).isDefined == accepted)
      assert(first.written(block(0, 1), 1, last = true).isDefined)
    }
  }
}
