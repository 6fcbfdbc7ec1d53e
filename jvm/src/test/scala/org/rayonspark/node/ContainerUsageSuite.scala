package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.{Files, Path}

class ContainerUsageSuite extends AnyFunSuite {
  private val limit = 1L << 30

  private def inDirectory(run: Path => Unit): Unit = {
    val directory = Files.createTempDirectory("t")
    try run(directory)
    finally NodeDirs.delete(directory)
  }

  test("a node without a process uses nothing") {
    inDirectory(directory =>
      assert(ContainerUsage.of(directory, limit) == ContainerUsage(limit, 0, 0))
    )
  }

  test("the status of a process that is gone counts as zero") {
    assert(ContainerUsage.parse("") == ((0L, 0L)))
  }

  test("resident and shared memory are read in bytes") {
    val status =
      "Name:\tray::f\nVmHWM:\t  99 kB\nVmRSS:\t  20 kB\nRssAnon:\t 1 kB\nRssShmem:\t  8 kB\n"
    assert(ContainerUsage.parse(status) == ((20480L, 8192L)))
  }

  test("all processes below the guard of a node count, and no others") {
    inDirectory { directory =>
      val shell = "sleep 60 & wait"
      def start(argument: String): Process = new ProcessBuilder("sh", "-c", shell, argument).start()
      val guard = start(directory.toString)
      val other = start("/elsewhere")
      try {
        while (guard.children.count == 0) Thread.onSpinWait()
        val usage = ContainerUsage.of(directory, limit)
        assert(usage.resident > 0 && usage.resident < (64L << 20))
        val tree = guard.toHandle.children.findFirst.get
        tree.destroyForcibly()
        tree.onExit.join()
        assert(ContainerUsage.of(directory, limit).resident < usage.resident)
      } finally
        Seq(guard, other).foreach { process =>
          process.descendants.forEach { child => child.destroyForcibly(); () }
          process.destroyForcibly().waitFor()
        }
    }
  }
}
