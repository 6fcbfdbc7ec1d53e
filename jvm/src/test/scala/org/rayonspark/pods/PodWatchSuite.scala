package org.rayonspark.pods

import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.util.concurrent.atomic.{AtomicInteger, AtomicReference}

final class PodWatchSuite extends AnyFunSuite with Eventually {
  implicit override val patienceConfig: PatienceConfig =
    PatienceConfig(timeout = Span(20, Seconds))

  private final class Fake(listed: () => Int, refuses: Option[String]) extends Pods {
    val looks = new AtomicInteger
    @volatile var closed = false

    override def list(): Vector[PodFacts] = {
      looks.incrementAndGet()
      Vector.tabulate(listed())(i => PodFacts(s"p$i", "Pending"))
    }
    override def refusal(): Option[String] = refuses
    override def close(): Unit = closed = true
  }

  private def watched(pods: Fake, missing: () => Int)(
      judge: AtomicReference[String] => Unit
  ): Unit = {
    val told = new AtomicReference("")
    val watch = new PodWatch(pods, missing, wanted = 2, why => told.set(why))
    try judge(told)
    finally watch.close()
    assert(pods.closed)
  }

  test("an API server that takes no more pods is trouble while pods are missing") {
    watched(new Fake(() => 1, Some("quota")), () => 1)(told =>
      eventually(assert(told.get == "quota"))
    )
  }

  test("one that has just made the last pod allowed has not refused it") {
    val count = new AtomicInteger
    val pods = new Fake(() => if (count.incrementAndGet() == 1) 1 else 2, Some("quota"))
    watched(pods, () => 1) { told =>
      eventually(assert(pods.looks.get >= 4))
      assert(told.get == "")
    }
  }

  test("nobody looks any more when all executors are there") {
    val missing = new AtomicInteger(1)
    val pods = new Fake(() => 2, None)
    watched(pods, () => missing.get) { told =>
      eventually(assert(pods.looks.get >= 1))
      missing.set(0)
      eventually(assert(!running))
      assert(told.get == "")
    }
  }

  private def running: Boolean = {
    val names = Thread.getAllStackTraces.keySet.toArray.map(_.asInstanceOf[Thread].getName)
    names.contains("rayonspark-pods")
  }
}
