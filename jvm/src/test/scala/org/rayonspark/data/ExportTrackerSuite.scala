package org.rayonspark.data

import org.rayonspark.ExchangeException
import org.rayonspark.data.BlockReader.{Load, Retry}
import org.rayonspark.threads.Daemon
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Millis, Seconds, Span}

import scala.concurrent.duration._
import scala.concurrent.{Await, Future, Promise}
import scala.util.Try

final class ExportTrackerSuite extends AnyFunSuite with Eventually {
  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(Span(20, Seconds), Span(5, Millis))

  /** No test waits this long: an event wakes the waiter. */
  private val never = 1.hour
  private val limit = 20.seconds

  private def block(sequence: Int, path: String = "/first"): StagedBlock =
    StagedBlock(0, 0, sequence, "1", "n1", path, rows = 10, bytes = 100, local = true)

  private def encoded(blocks: Int): ExportTracker = {
    val tracker = new ExportTracker
    (0 until blocks).foreach(s => assert(tracker.written(block(s), 1, last = s == blocks - 1)))
    tracker.ended()
    tracker
  }

  /** Starts `wait` on another thread, and returns its result once it waits. */
  private def waiting[A](wait: => A): Future[A] = {
    val result = Promise[A]()
    val thread = Daemon("waiter")(result.complete(Try(wait)))
    thread.start()
    eventually(
      assert(
        thread.getState == Thread.State.TIMED_WAITING || thread.getState == Thread.State.WAITING
      )
    )
    result.future
  }

  private def of[A](result: Future[A]): A = Await.result(result, limit)

  test("an export without blocks is finished when all is encoded") {
    val tracker = new ExportTracker
    assert(!tracker.finished)
    val next = waiting(tracker.next(Load, never))
    tracker.ended()
    assert(of(next).isEmpty)
    assert(tracker.finished)
  }

  test("an export is not finished before the load has released every block") {
    val tracker = encoded(2)
    assert(tracker.next(Load, never).map(_.id) == Vector(0, 1))
    assert(!tracker.finished)
    tracker.drop(_.release(Load, Vector(0)))
    assert(!tracker.finished)
    val next = waiting(tracker.next(Load, never))
    tracker.drop(_.release(Load, Vector(1)))
    assert(of(next).isEmpty)
    assert(tracker.finished)
  }

  test("the load waits for a block that is lost after all others are loaded") {
    val tracker = encoded(2)
    tracker.next(Load, never)
    tracker.drop(_.release(Load, Vector(0)))
    val next = waiting(tracker.next(Load, never))
    assert(tracker.want(Load, 1, "/first").map(_.path).contains("/first"))
    assert(!tracker.finished)
    assert(tracker.nextLost() == Vector(0))
    assert(tracker.written(block(1, "/again"), 2, last = true))
    assert(of(next).map(_.path) == Vector("/again"))
    tracker.drop(_.release(Load, Vector(1)))
    assert(tracker.finished)
  }

  test("a wait for a requested block fails with the reason why the block never arrives") {
    val failed = encoded(1)
    failed.want(Retry, 0, "/first")
    val first = waiting(failed.next(Retry, never))
    assert(failed.fail(new ExchangeException("the reason")))
    assert(intercept[ExchangeException](of(first)).getMessage == "the reason")

    val closed = encoded(1)
    closed.want(Retry, 0, "/first")
    val second = waiting(closed.next(Retry, never))
    closed.close(new ExchangeException("closed"))
    assert(intercept[ExchangeException](of(second)).getMessage == "closed")
    assert(intercept[ExchangeException](closed.want(Retry, 0, "/first")).getMessage == "closed")
    assert(closed.nextLost().isEmpty)
  }

  test("a wait for a requested block ends at the limit") {
    val tracker = encoded(1)
    tracker.want(Retry, 0, "/first")
    assert(tracker.next(Retry, 1.millisecond).isEmpty)
  }

  test("files are deleted once: a closed export has none to release") {
    val tracker = encoded(1)
    tracker.next(Load, never)
    assert(tracker.close(new ExchangeException("closed")).map(_.map(_.id)) == Some(Vector(0)))
    assert(tracker.drop(_.release(Load, Vector(0))).isEmpty)
    assert(tracker.drop(_.keepOnly(Set.empty)).isEmpty)
  }
}
