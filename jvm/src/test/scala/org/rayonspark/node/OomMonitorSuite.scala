package org.rayonspark.node

import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.nio.file.Files
import java.util.concurrent.ConcurrentLinkedQueue
import scala.collection.JavaConverters._

class OomMonitorSuite extends AnyFunSuite with Eventually {
  override implicit val patienceConfig: PatienceConfig = PatienceConfig(Span(20, Seconds))

  /** Gives `test` a monitor of a counter that is at 2, its reports, and how to set the counter. */
  private def monitoring(
      test: (OomMonitor, ConcurrentLinkedQueue[Long], Long => Unit) => Unit
  ): Unit = {
    val file = Files.createTempFile("memory", ".events")
    val reported = new ConcurrentLinkedQueue[Long]
    def set(kills: Long): Unit = { Files.writeString(file, s"oom 9\noom_kill $kills\n"); () }
    set(2)
    val monitor =
      new OomMonitor(
        "test-memory",
        CgroupMemory.OwnGroup(1L << 30, file),
        l => { reported.add(l); () }
      )
    try test(monitor, reported, set)
    finally {
      monitor.close()
      Files.delete(file)
    }
    eventually {
      assert(!Thread.getAllStackTraces.keySet.asScala.exists(_.getName == "test-memory"))
    }
  }

  test("processes killed before do not count") {
    monitoring { (monitor, reported, _) =>
      monitor.check()
      assert(reported.isEmpty)
    }
  }

  test("only the first kill is reported, with the limit") {
    monitoring { (monitor, reported, set) =>
      set(3)
      eventually(assert(reported.asScala.toVector == Vector(1L << 30)))
      set(4)
      monitor.check()
      assert(reported.size == 1)
    }
  }

  test("a counter that falls back to zero reports nothing") {
    monitoring { (monitor, reported, set) =>
      set(0)
      monitor.check()
      assert(reported.isEmpty)
    }
  }
}
