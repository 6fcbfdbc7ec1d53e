package org.rayonspark.supervision

import org.rayonspark.StartTimeoutException
import org.rayonspark.supervision.ClusterAction.{After, PlaceNodes}
import org.rayonspark.supervision.ClusterEvent._
import org.scalatest.funsuite.AnyFunSuite

class ExecutorRegistrationSuite extends AnyFunSuite {
  private val counting = {
    val story = Story.begin(workers = 1)
    story.copy(state = story.state.copy(counting = true))
  }

  test("without executors nothing is placed, until the start times out") {
    assert(counting.tell(Started).actions.isEmpty)
    assert(counting.state.progress == "no Spark executor has registered")
    val failure = counting.tell(StartTimedOut).state.failure
    assert(failure.exists(_.isInstanceOf[StartTimeoutException]))
  }

  test("when no executor has followed for a while, those that have registered are all") {
    val one = counting.tell(ExecutorAdded("0", 2))
    assert(one.actions == Vector(After(ExecutorRegistration.settled, ExecutorsSettled(1))))
    val two = one.tell(ExecutorAdded("1", 2), ExecutorsSettled(1))
    assert(two.state.counting)
    assert(two.state.progress == "2 Spark executors have registered, and more may follow")
    val placed = two.tell(ExecutorsSettled(2))
    assert(placed.actions == Vector(PlaceNodes(Vector("0", "1"))))
    assert(placed.state.workers == 2)
  }

  test("an executor that is lost while counting does not count") {
    val lost = counting.tell(
      ExecutorAdded("0", 2),
      ExecutorAdded("1", 2),
      ExecutorLost("0", "gone"),
      ExecutorsSettled(2)
    )
    assert(lost.state.counting)
    assert(lost.tell(ExecutorsSettled(1)).actions == Vector(PlaceNodes(Vector("1"))))
  }

  test("an executor that registers later gets no node") {
    val placed = counting.tell(ExecutorAdded("0", 2), ExecutorsSettled(1))
    val late = placed.tell(ExecutorAdded("1", 2), ExecutorsSettled(2))
    assert(late.actions.isEmpty)
    assert(late.state.workers == 1)
  }

  test("a stop ends the counting") {
    val stopped = counting.tell(ExecutorAdded("0", 2), StopRequested, ExecutorsSettled(1))
    assert(stopped.state.ending)
    assert(!stopped.actions.exists(_.isInstanceOf[PlaceNodes]))
  }
}
