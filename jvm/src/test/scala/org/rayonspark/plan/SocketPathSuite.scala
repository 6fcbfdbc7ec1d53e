package org.rayonspark.plan

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class SocketPathSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  test("a path may have 107 bytes") {
    val limits = Table(("dashboard", "longest directory"), (false, 41), (true, 34))
    forAll(limits) { (dashboard, longest) =>
      val fits = Offers.head.copy(directory = "/" + "d" * (longest - 1))
      assert(SocketPath.check(fits, dashboard) == Right(()))
      assert(SocketPath.check(fits.copy(directory = fits.directory + "d"), dashboard).isLeft)
    }
  }

  test("non-ASCII letters count with their bytes") {
    val directory = "/" + "ä" * 22
    assert(SocketPath.check(Offers.head.copy(directory = directory), withDashboard = false).isLeft)
  }

  test("the node directories in /tmp are short enough") {
    val directory = "/tmp/ros-9223372036854775807"
    val offer = Offers.head.copy(directory = directory)
    assert(SocketPath.check(offer, withDashboard = true) == Right(()))
  }
}
