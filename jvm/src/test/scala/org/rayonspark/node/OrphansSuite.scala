package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.Path
import java.util.concurrent.TimeUnit

class OrphansSuite extends AnyFunSuite {
  private val directory = Path.of("/tmp/ros-of-a-test")

  private def sleeper(mark: String): Process = {
    val builder = new ProcessBuilder("sleep", "60")
    builder.environment.put(Orphans.marker, mark)
    builder.start()
  }

  test("a node without processes has no orphans") {
    assert(Orphans.kill(directory).isEmpty)
  }

  test("the processes of one node are killed, but not those of its neighbor") {
    val own = sleeper(directory.toString)
    val neighbor = sleeper(s"$directory-2")
    try {
      assert(Orphans.kill(directory).isEmpty)
      assert(own.waitFor(5, TimeUnit.SECONDS))
      assert(neighbor.isAlive)
    } finally neighbor.destroyForcibly()
  }
}
