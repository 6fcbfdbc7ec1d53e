package org.rayonspark.job

import org.rayonspark.LocalSpark
import org.rayonspark.conf.Scheduling
import org.scalatest.funsuite.AnyFunSuite

import java.util.concurrent.{CountDownLatch, LinkedBlockingQueue, TimeUnit}
import scala.concurrent.duration._

class RayClusterJobSuite extends AnyFunSuite with LocalSpark {
  private val limit = 20.seconds
  private type End = (Option[String], Option[Throwable])

  /** Records the ends of jobs. `before` can delay their submission. */
  private final class Ends(before: () => Unit = () => ()) {
    private val ends = new LinkedBlockingQueue[End]
    val job = new RayClusterJob(
      spark.sparkContext,
      "jobs",
      Scheduling.Plain,
      (reserving, error) => { ends.add((reserving, error)); () },
      before
    )

    def next(): Option[End] = Option(ends.poll(limit.toSeconds, TimeUnit.SECONDS))
  }

  test("an error in the job is reported like an exception") {
    val ends = new Ends(() => throw new NoClassDefFoundError("gone"))
    ends.job.placeDynamically(1)
    assert(ends.next().exists(_._2.exists(_.getMessage == "gone")))
  }

  test("a job that is not submitted yet does not run after the cancel") {
    val reached = new CountDownLatch(1)
    val cancelled = new CountDownLatch(1)
    val ends = new Ends(() => {
      reached.countDown()
      assert(cancelled.await(limit.toSeconds, TimeUnit.SECONDS))
    })
    ends.job.placeDynamically(1)
    assert(reached.await(limit.toSeconds, TimeUnit.SECONDS))
    ends.job.cancel()
    cancelled.countDown()
    val error = ends.next().flatMap(_._2).map(_.getMessage)
    assert(error.exists(_.contains("was cancelled before it was submitted")), error)
  }

  test("a running job is cancelled") {
    val ends = new Ends
    // Its task waits for a driver's endpoint that does not exist, or for its slot.
    ends.job.placeDynamically(1)
    ends.job.cancel()
    assert(ends.next().exists(_._2.isDefined))
  }
}
