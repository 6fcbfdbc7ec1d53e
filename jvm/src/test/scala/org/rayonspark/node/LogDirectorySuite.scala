package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, Path}

class LogDirectorySuite extends AnyFunSuite {
  private def ofDriver(home: String, environment: (String, String)*): Path =
    LogDirectory.ofDriver(environment.toMap, home)

  test("a driver's logs follow SPARK_LOG_DIR, then XDG_STATE_HOME, then the home directory") {
    val state = "XDG_STATE_HOME" -> "/state"
    assert(ofDriver("/tmp", state, "SPARK_LOG_DIR" -> "/logs") == Path.of("/logs"))
    assert(ofDriver("/tmp", state) == Path.of("/state/rayonspark"))
    assert(ofDriver("/tmp") == Path.of("/tmp/.local/state/rayonspark"))
    assert(ofDriver("/tmp", "XDG_STATE_HOME" -> "") == Path.of("/tmp/.local/state/rayonspark"))
  }

  test("without a home directory they have a temporary directory that is closed to others") {
    val directory = ofDriver("/dev/null")
    try {
      val mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(directory))
      assert(mode == "rwx------")
    } finally Files.delete(directory)
  }
}
