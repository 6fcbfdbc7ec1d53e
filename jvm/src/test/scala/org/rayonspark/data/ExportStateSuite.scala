package org.rayonspark.data

import org.rayonspark.data.ExportAnswer.Known
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

  /** A story: every step must be possible. */
  private implicit final class Told(state: ExportState) {
    def has(some: StagedBlock, attempt: Long = 1, last: Boolean = false): ExportState =
      state.written(some, attempt, last).getOrElse(fail(s"$some was not taken over"))
    def taken: ExportState = state.take._1
    def loaded(ids: Long*): ExportState = state.release(ids.toVector)._1
    def wanted(id: Long): ExportState = state.want(id)._1
  }

  private def repeating(how: Sameness): ExportState = ExportState().repeats(how)

  private val two = ExportState().has(block(0, 0)).has(block(0, 1), last = true)

  test("nothing is known of a partition that nobody has begun") {
    assert(ExportState().known(7) == Right(Known(Vector.empty, whole = false)))
    assert(ExportState().take == ((ExportState(), Vector.empty)))
    assert(!ExportState().hasLost)
    assert(ExportState().staged.isEmpty)
  }

  test("blocks get numbers in the order of their coming, and are handed out once") {
    val state = ExportState().has(block(3, 0)).has(block(1, 0)).has(block(3, 1))
    val (after, taken) = state.take
    assert(
      taken.map(b => (b.id, b.partition, b.sequence)) == Vector((0, 3, 0), (1, 1, 0), (2, 3, 1))
    )
    assert(after.take._2.isEmpty)
    assert(after.staged.map(_.id).toSet == Set(0L, 1L, 2L))
  }

  test("a second attempt learns what the first has written, and its copies are not taken over") {
    val half = ExportState().has(block(0, 0)).taken
    assert(half.known(0) == Right(Known(Vector(KnownBlock(1, wanted = false)), whole = false)))
    assert(half.written(block(0, 0), 2, last = false).isEmpty)
    assert(two.known(0).map(_.whole) == Right(true))
    assert(two.written(block(0, 2), 2, last = false).isEmpty)
  }

  test("a block that would leave a gap is not taken over") {
    assert(ExportState().written(block(0, 1), 1, last = true).isEmpty)
  }

  test("what is loaded has no file any more, and is told of once") {
    val (after, gone) = two.taken.release(Vector(0, 1, 1, 99))
    assert(gone.map(_.id) == Vector(0L, 1L))
    assert(after.staged.isEmpty)
    assert(after.release(Vector(0))._2.isEmpty)
    assert(after.written.map(_.rows).sum == 12)
  }

  test("what nobody has taken yet cannot be loaded") {
    assert(two.release(Vector(0))._2.isEmpty)
  }

  test("with a node go the blocks that nobody has taken") {
    val state = ExportState()
      .has(block(0, 0, "1"))
      .taken
      .has(block(1, 0, "1"), last = true)
      .has(block(2, 0, "2"), last = true)
    val (after, gone) = state.keepOnly(nodes - ("1" -> "n1"))
    assert(gone.map(_.partition) == Vector(1))
    assert(after.lostPartitions == Vector(1))
    assert(after.take._2.map(_.partition) == Vector(2))
    assert(state.keepOnly(nodes) == ((state, Vector.empty)))
  }

  test("a node that is new beside the same executor does not have the old one's blocks") {
    val (after, gone) = two.keepOnly(Set("1" -> "another"))
    assert(gone.size == 2)
    assert(after.lostPartitions == Vector(0))
  }

  test("a block that is wanted again is lost until it is written, under its old number") {
    val (lost, file) = two.taken.want(1)
    assert(file.map(_.path).contains("/0-1"))
    assert(lost.hasLost)
    assert(lost.want(1) == ((lost, None)))
    assert(
      lost.known(0) ==
        Right(
          Known(Vector(KnownBlock(1, wanted = false), KnownBlock(11, wanted = true)), whole = true)
        )
    )
    val again = lost.has(block(0, 1, "2"), attempt = 2)
    assert(!again.hasLost)
    assert(again.take._2.map(b => (b.id, b.executorId)) == Vector((1L, "2")))
    assert(again.known(0).map(_.whole) == Right(true))
  }

  test("one who loses a block that is loaded gets no file to delete") {
    val (lost, file) = two.taken.loaded(0, 1).want(0)
    assert(file.isEmpty)
    assert(lost.lostPartitions == Vector(0))
  }

  test("one block can be taken by its number, also by two who wait for it") {
    val (after, first) = two.take(1).get
    assert(first.sequence == 1)
    assert(after.ready == Vector(0L))
    assert(after.take(1).map(_._2) == Some(first))
    assert(two.taken.loaded(1).take(1).isEmpty)
    assert(two.wanted(1).take(1).isEmpty)
    assert(two.take(99).isEmpty)
  }

  test("rows that may be others are not added to those that were written before") {
    def half(how: Sameness): ExportState = repeating(how).has(block(0, 0))
    def whole(how: Sameness): ExportState = half(how).has(block(0, 1), last = true)
    def one(how: Sameness): ExportState = repeating(how).has(block(0, 0), last = true)
    val cases = Table(
      ("before", "may go on when the same", "when unordered", "when different"),
      ((how: Sameness) => half(how), true, false, false),
      ((how: Sameness) => half(how).taken.loaded(0), true, false, false),
      ((how: Sameness) => whole(how), true, true, true),
      ((how: Sameness) => whole(how).wanted(1), true, false, false),
      ((how: Sameness) => one(how).wanted(0), true, true, false)
    )
    forAll(cases) { (before, same, unordered, different) =>
      assert(before(Sameness.Same).known(0).isRight == same)
      assert(before(Sameness.Unordered).known(0).isRight == unordered)
      assert(before(Sameness.Different).known(0).isRight == different)
    }
  }

  test("what cannot go on says so, and what to do") {
    val Left(why) = repeating(Sameness.Different).has(block(5, 0)).known(5): @unchecked
    assert(
      why == "Partition 5 is encoded a second time, and its rows may be other ones or in another " +
        "order than those that Ray already has. Cache or checkpoint the DataFrame, and move it again."
    )
  }

  test("two attempts at once make one partition only if their rows are the same") {
    val cases = Table(
      ("sameness", "taken over"),
      (Sameness.Same, true),
      (Sameness.Unordered, false),
      (Sameness.Different, false)
    )
    forAll(cases) { (how, kept) =>
      val first = repeating(how).has(block(0, 0), attempt = 1)
      assert(first.written(block(0, 1), 2, last = true).isDefined == kept)
      assert(first.written(block(0, 1), 1, last = true).isDefined)
    }
  }
}
