package org.rayonspark.pods

import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.util.concurrent.atomic.{AtomicInteger, AtomicReference}

final class PodMonitorSuite extends AnyFunSuite with Eventually {
  implicit override val patienceConfig: PatienceConfig =
    PatienceConfig(timeout = Span(20, Seconds))

  private final class Fake(listed: () => Int, refuses: Option[String]) extends Pods {
    val checks = new AtomicInteger
    @volatile var closed = false

    override def list(): Vector[PodSummary] = {
      checks.incrementAndGet()
      Vector.tabulate(listed())(i => PodSummary(s"p$i", "Pending"))
    }
    override def refusal(): Option[String] = refuses
    override def close(): Unit = closed = true
  }

  private def monitored(pods: Fake, missing: () => Int)(
      judge: AtomicReference[String] => Unit
  ): Unit = {
    val reported = new AtomicReference("")
    val monitor = new PodMonitor(pods, missing, wanted = 2, why => reported.set(why))
    try judge(reported)
    finally monitor.close()
    assert(pods.closed)
  }

  test("an API server that refuses more pods is a problem while pods are missing") {
    monitored(new Fake(() => 1, Some("quota")), () => 1)(reported =>
      eventually(assert(reported.get == "quota"))
    )
  }

  test("an API server that has just created the last allowed pod has not refused it") {
    val count = new AtomicInteger
    val pods = new Fake(() => if (count.incrementAndGet() == 1) 1 else 2, Some("quota"))
    monitored(pods, () => 1) { reported =>
      eventually(assert(pods.checks.get >= 4))
      assert(reported.get == "")
    }
  }

  test("the checks end when all executors have registered") {
    val missing = new AtomicInteger(1)
    val pods = new Fake(() => 2, None)
    monitored(pods, () => missing.get) { reported =>
      eventually(assert(pods.checks.get >= 1))
      missing.set(0)
      eventually(assert(!running))
      assert(reported.get == "")
    }
  }

  private def running: Boolean = {
    val names = Thread.getAllStackTraces.keySet.toArray.map(_.asInstanceOf[Thread].getName)
    names.contains("rayonspark-pods")
  }
}
