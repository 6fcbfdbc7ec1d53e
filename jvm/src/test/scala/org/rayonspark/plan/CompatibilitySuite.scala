package org.rayonspark.plan

import org.rayonspark.VersionMismatchException
import org.rayonspark.conf.Auth
import org.rayonspark.plan.Offers.head
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class CompatibilitySuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val worker: ResourceOffer = Offers.executor("3", "b", 20000)

  test("the same versions are compatible, and so are two patch versions of Python") {
    assert(Compatibility.checkWorker(worker, head) == Right(()))
    assert(Compatibility.checkWorker(worker.copy(python = "3.11.2"), head) == Right(()))
  }

  test("different versions are errors that name both, and the setting to change") {
    val errors = Table(
      ("worker", "message"),
      (
        worker.copy(ray = None, python = "3.9.2"),
        """Executor 3 on host "b" has no Ray in its Python 3.9.2. Install ray==2.60.0 there, """ +
          "or set python (spark.rayonspark.python) to an interpreter that has it."
      ),
      (
        worker.copy(ray = Some("2.59.0")),
        """Executor 3 on host "b" has Ray 2.59.0, but the driver has Ray 2.60.0. Ray needs the """ +
          "same version on every node: install ray==2.60.0 there, or set python " +
          "(spark.rayonspark.python) to an interpreter that has it on every host."
      ),
      (
        worker.copy(python = "3.12.1"),
        """Executor 3 on host "b" runs Ray with Python 3.12.1, but the driver with Python """ +
          "3.11.7. Ray needs the same minor version on every node: set python " +
          "(spark.rayonspark.python) to an interpreter that has it on every host."
      )
    )
    forAll(errors) { (worker, message) =>
      val error = Compatibility.checkWorker(worker, head)
      assert(error.left.map(_.message) == Left(message))
      assert(error.left.exists(_.exception.isInstanceOf[VersionMismatchException]))
    }
  }

  test("a driver without a recent Ray or Python is an error that says what to install") {
    val errors = Table(
      ("head", "message"),
      (
        head.copy(ray = None),
        """The driver on host "10.0.0.1" has no Ray in its Python 3.11.7. Install ray (2.41 or """ +
          "later) there, or set python (spark.rayonspark.python) to an interpreter that has it."
      ),
      (
        head.copy(ray = Some("2.9.3")),
        """The driver on host "10.0.0.1" has Ray 2.9.3, but RayOnSpark needs 2.41 or later. """ +
          "Install a later version, or set python (spark.rayonspark.python) to an interpreter " +
          "that has it."
      ),
      (
        head.copy(python = "3.9.18"),
        """The driver on host "10.0.0.1" has Python 3.9.18, but RayOnSpark needs 3.10 or """ +
          "later. Install a later version, or set python (spark.rayonspark.python) to an " +
          "interpreter that has it."
      )
    )
    forAll(errors) { (head, message) =>
      assert(Compatibility.checkHead(head).left.map(_.message) == Left(message))
    }
  }

  test("a Ray without token support is rejected if a token is required") {
    val old = head.copy(ray = Some("2.51.1"))
    val error = Compatibility.checkAuth(old, Auth.Token)
    assert(
      error.left.map(_.message) == Left(
        """The driver on host "10.0.0.1" has Ray 2.51.1, but auth is token, which needs Ray """ +
          "2.52 or later. Install ray 2.52 or later on every node, or set auth " +
          "(spark.rayonspark.auth) to disabled: anyone who reaches one of Ray's ports can then " +
          "run code as this user."
      )
    )
    assert(error.left.exists(_.exception.isInstanceOf[VersionMismatchException]))
    assert(Compatibility.checkAuth(old, Auth.Disabled) == Right(()))
    forAll(Table("ray", "2.52.0", "2.60.0", "3.0.0.dev0", "nightly")) { ray =>
      assert(Compatibility.checkAuth(head.copy(ray = Some(ray)), Auth.Token) == Right(()))
    }
  }

  test("the oldest accepted Ray is 2.41") {
    assert(Compatibility.checkHead(head.copy(ray = Some("2.41.0"))) == Right("2.41.0"))
    assert(Compatibility.checkHead(head.copy(ray = Some("2.40.0"))).isLeft)
  }

  test("a development build of Ray is accepted") {
    assert(Compatibility.checkHead(head.copy(ray = Some("3.0.0.dev0"))) == Right("3.0.0.dev0"))
    assert(Compatibility.checkHead(head.copy(ray = Some("nightly"))) == Right("nightly"))
  }
}
