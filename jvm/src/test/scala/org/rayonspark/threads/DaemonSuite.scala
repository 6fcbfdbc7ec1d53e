package org.rayonspark.threads

import org.scalatest.funsuite.AnyFunSuite

import java.util.concurrent.{ConcurrentLinkedQueue, CountDownLatch, Executors, TimeUnit}
import scala.concurrent.duration._

class DaemonSuite extends AnyFunSuite {

  /** Returns errors that reach the JVM's default handler, which ends a Spark executor's JVM. */
  private def escaped(work: => Unit): Vector[Throwable] = {
    val seen = new ConcurrentLinkedQueue[Throwable]
    val before = Thread.getDefaultUncaughtExceptionHandler
    Thread.setDefaultUncaughtExceptionHandler { (_, e) => seen.add(e); () }
    try work
    finally Thread.setDefaultUncaughtExceptionHandler(before)
    seen.toArray(Array.empty[Throwable]).toVector
  }

  private val failures = Vector[Throwable](
    new IllegalStateException("a failure of the test"),
    new OutOfMemoryError("unable to create native thread"),
    new NoClassDefFoundError("gone")
  )

  test("an error in a thread does not reach the JVM's default handler") {
    for (failure <- failures) {
      val seen = escaped {
        val thread = Daemon("rayonspark-test-daemon")(throw failure)
        thread.start()
        thread.join()
      }
      assert(seen.isEmpty)
    }
  }

  test("an executor continues after a task that fails") {
    val pool = Executors.newSingleThreadExecutor(Daemon.factory("rayonspark-test-pool"))
    val next = new CountDownLatch(1)
    val seen = escaped {
      failures.foreach(failure => pool.execute(() => throw failure))
      pool.execute(() => next.countDown())
      assert(next.await(10, TimeUnit.SECONDS))
      pool.shutdown()
      assert(pool.awaitTermination(10, TimeUnit.SECONDS))
    }
    assert(seen.isEmpty)
  }

  test("repeated work continues after an error as well as after an exception") {
    for (failure <- failures) {
      val runs = new CountDownLatch(3)
      val repeated = new Repeated("rayonspark-test-repeated", 1.millisecond)({
        runs.countDown()
        throw failure
      })
      try assert(runs.await(10, TimeUnit.SECONDS), failure)
      finally repeated.close()
    }
  }
}
