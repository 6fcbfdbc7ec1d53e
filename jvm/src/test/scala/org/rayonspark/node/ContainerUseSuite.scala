package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.{Files, Path}

class ContainerUseSuite extends AnyFunSuite {
  private val limit = 1L << 30

  private def inDirectory(run: Path => Unit): Unit = {
    val directory = Files.createTempDirectory("t")
    try run(directory)
    finally NodeDirs.delete(directory)
  }

  test("a node without a process holds nothing") {
    inDirectory(directory => assert(ContainerUse.of(directory, limit) == ContainerUse(limit, 0, 0)))
  }

  test("the status of a process that is gone counts nothing") {
    assert(ContainerUse.parse("") == ((0L, 0L)))
  }

  test("resident and shared memory are read in bytes") {
    val status =
      "Name:\tray::f\nVmHWM:\t  99 kB\nVmRSS:\t  20 kB\nRssAnon:\t 1 kB\nRssShmem:\t  8 kB\n"
    assert(ContainerUse.parse(status) == ((20480L, 8192L)))
  }

  test("all processes below the guard of a node count, and no others") {
    inDirectory { directory =>
      val shell = "sleep 60 & wait"
      def start(argument: String): Process = new ProcessBuilder("sh", "-c", shell, argument).start()
      val guard = start(directory.toString)
      val other = start("/elsewhere")
      try {
        while (guard.children.count == 0) Thread.onSpinWait()
        val use = ContainerUse.of(directory, limit)
        assert(use.resident > 0 && use.resident < (64L << 20))
        val tree = guard.toHandle.children.findFirst.get
        tree.destroyForcibly()
        tree.onExit.join()
        assert(ContainerUse.of(directory, limit).resident < use.resident)
      } finally
        Seq(guard, other).foreach { process =>
          process.descendants.forEach { child => child.destroyForcibly(); () }
          process.destroyForcibly().waitFor()
        }
    }
  }
}
