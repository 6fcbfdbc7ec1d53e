package org.rayonspark.node

import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.nio.file.Files
import java.util.concurrent.ConcurrentLinkedQueue
import scala.jdk.CollectionConverters._

class MemoryWatchSuite extends AnyFunSuite with Eventually {
  override implicit val patienceConfig: PatienceConfig = PatienceConfig(Span(20, Seconds))

  /** A watch over a counter that stands at 2, what it has told, and how to set the counter. */
  private def watching(
      test: (MemoryWatch, ConcurrentLinkedQueue[Long], Long => Unit) => Unit
  ): Unit = {
    val file = Files.createTempFile("memory", ".events")
    val told = new ConcurrentLinkedQueue[Long]
    def set(kills: Long): Unit = { Files.writeString(file, s"oom 9\noom_kill $kills\n"); () }
    set(2)
    val watch =
      new MemoryWatch("test-memory", CgroupMemory.Own(1L << 30, file), l => { told.add(l); () })
    try test(watch, told, set)
    finally {
      watch.close()
      Files.delete(file)
    }
    eventually {
      assert(!Thread.getAllStackTraces.keySet.asScala.exists(_.getName == "test-memory"))
    }
  }

  test("what was killed before does not count") {
    watching { (watch, told, _) =>
      watch.look()
      assert(told.isEmpty)
    }
  }

  test("the first kill is told with the limit, and no other") {
    watching { (watch, told, set) =>
      set(3)
      eventually(assert(told.asScala.toVector == Vector(1L << 30)))
      set(4)
      watch.look()
      assert(told.size == 1)
    }
  }

  test("a counter that is gone with its group tells nothing") {
    watching { (watch, told, set) =>
      set(0)
      watch.look()
      assert(told.isEmpty)
    }
  }
}
