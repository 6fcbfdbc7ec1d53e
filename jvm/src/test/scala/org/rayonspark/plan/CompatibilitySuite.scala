package org.rayonspark.plan

import org.rayonspark.VersionMismatchException
import org.rayonspark.plan.Offers.head
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class CompatibilitySuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val worker: Offer = Offers.executor("3", "b", 20000)

  test("the same versions fit, and so do two patches of one Python") {
    assert(Compatibility.checkWorker(worker, head) == Right(()))
    assert(Compatibility.checkWorker(worker.copy(python = "3.11.2"), head) == Right(()))
  }

  test("versions that differ are errors that name both, and the setting to change") {
    val errors = Table(
      ("worker", "message"),
      (
        worker.copy(ray = None, python = "3.9.2"),
        """Executor 3 on host "b" has no Ray in its Python 3.9.2. Install ray==2.60.0 there, or set """ +
          "python (spark.rayonspark.python) to an interpreter that has it."
      ),
      (
        worker.copy(ray = Some("2.59.0")),
        """Executor 3 on host "b" has Ray 2.59.0, the driver has Ray 2.60.0. Ray needs the same """ +
          "version on every node: install ray==2.60.0 there, or set python " +
          "(spark.rayonspark.python) to an interpreter that has it on every host."
      ),
      (
        worker.copy(python = "3.12.1"),
        """Executor 3 on host "b" runs Ray with Python 3.12.1, the driver with Python 3.11.7. Ray """ +
          "needs the same minor version on every node: set python (spark.rayonspark.python) to an " +
          "interpreter that has it on every host."
      )
    )
    forAll(errors) { (worker, message) =>
      val error = Compatibility.checkWorker(worker, head)
      assert(error.left.map(_.message) == Left(message))
      assert(error.left.exists(_.exception.isInstanceOf[VersionMismatchException]))
    }
  }

  test("a driver without a recent Ray is told what to install") {
    val errors = Table(
      ("head", "message"),
      (
        head.copy(ray = None),
        """The driver on host "10.0.0.1" has no Ray in its Python 3.11.7. Install ray (2.52 or """ +
          "later) there, or set python (spark.rayonspark.python) to an interpreter that has it."
      ),
      (
        head.copy(ray = Some("2.9.3")),
        """The driver on host "10.0.0.1" has Ray 2.9.3, RayOnSpark needs 2.52 or later. Install a """ +
          "later one, or set python (spark.rayonspark.python) to an interpreter that has it."
      ),
      (
        head.copy(python = "3.9.18"),
        """The driver on host "10.0.0.1" has Python 3.9.18, RayOnSpark needs 3.10 or later. """ +
          "Install a later one, or set python (spark.rayonspark.python) to an interpreter that has it."
      )
    )
    forAll(errors) { (head, message) =>
      assert(Compatibility.checkHead(head).left.map(_.message) == Left(message))
    }
  }

  test("a development build of Ray is taken as it is") {
    assert(Compatibility.checkHead(head.copy(ray = Some("3.0.0.dev0"))) == Right("3.0.0.dev0"))
    assert(Compatibility.checkHead(head.copy(ray = Some("nightly"))) == Right("nightly"))
  }
}
