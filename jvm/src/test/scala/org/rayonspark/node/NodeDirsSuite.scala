package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, NoSuchFileException, Path}
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._
import scala.concurrent.{Await, Future, Promise}
import scala.util.Random

class NodeDirsSuite extends AnyFunSuite {

  private def make(base: Path): Path =
    NodeDirs.create(base.toString).fold(fail(_), identity)

  private def withBase(test: Path => Unit): Unit = {
    // A name of Files.createTempDirectory may be too long for a base of Ray's sockets.
    val base = Files.createDirectory(Path.of(s"/tmp/t${Random.alphanumeric.take(8).mkString}"))
    try test(base)
    finally NodeDirs.delete(base)
  }

  test("deleting a directory that does not exist is not an error") {
    NodeDirs.delete(Path.of("/tmp/ros-there-is-no-such-directory"))
  }

  test("only its user has access to a node's directory") {
    withBase { base =>
      val mode = Files.getPosixFilePermissions(make(base))
      assert(PosixFilePermissions.toString(mode) == "rwx------")
    }
  }

  test("the missing parents of a private directory are private too") {
    withBase { base =>
      val directory = base.resolve("data/spill/ros-spill-1")
      assert(NodeDirs.createPrivate(directory.toString, "spill_dir") == Right(directory))
      for (made <- Vector(directory, directory.getParent, directory.getParent.getParent))
        assert(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)) == "rwx------")
    }
  }

  test("a private directory that exists already is refused, and so is a link") {
    withBase { base =>
      val link =
        Files.createSymbolicLink(base.resolve("link"), Files.createTempDirectory(base, "t"))
      for (taken <- Vector(link, link.toRealPath()))
        assert(NodeDirs.createPrivate(taken.toString, "spill_dir").isLeft)
    }
  }

  test("two nodes on one host have two directories") {
    withBase(base => assert(make(base) != make(base)))
  }

  test("a base that does not exist is created, and other users have no access to it") {
    withBase { base =>
      assert(make(base.resolve("a/b")).startsWith(base.resolve("a/b")))
      for (name <- Vector("a", "a/b")) {
        val mode = Files.getPosixFilePermissions(base.resolve(name))
        assert(PosixFilePermissions.toString(mode) == "rwx------")
      }
    }
  }

  test("a base that cannot be created is an error that names it and the field to set") {
    val why = NodeDirs.create("/dev/null/x").left.getOrElse(fail())
    assert(
      why.matches(
        "Could not create a directory in temp directory \"/dev/null/x\" \\(.*\\)\\. " +
          "Set `temp_dir` to a directory that this user may write to\\."
      )
    )
  }

  test("a base that leaves no room for Ray's sockets is an error with both numbers") {
    val why = NodeDirs.create("/" + "long/" * 20).left.getOrElse(fail())
    assert(
      why.contains("has 100 bytes, but Ray's socket names leave room for 29. Set `temp_dir`")
    )
  }

  test("deleting does not follow links out of the directory") {
    withBase { base =>
      val kept = Files.createFile(base.resolve("kept"))
      val directory = make(base)
      Files.createSymbolicLink(directory.resolve("link"), base)
      Files.createDirectories(directory.resolve("a/b"))
      NodeDirs.delete(directory)
      assert(!Files.exists(directory))
      assert(Files.exists(kept))
    }
  }

  test("a tree is deleted even while a thread writes into it") {
    withBase { base =>
      for (_ <- 1 to 20) {
        val directory = make(base)
        val begun = Promise[Unit]()
        // The first files are there before the deletion; some of the others appear during it.
        val written = Future {
          for (n <- 1 to 500) {
            try Files.createFile(directory.resolve(s"$n"))
            catch { case _: NoSuchFileException => () }
            if (n == 10) begun.success(())
          }
        }
        Await.result(begun.future, 1.minute)
        NodeDirs.delete(directory)
        Await.result(written, 1.minute)
        assert(!Files.exists(directory))
      }
    }
  }

  test("two threads can delete the same tree at the same time") {
    withBase { base =>
      for (k <- 1 to 20) {
        val directory = make(base)
        for (d <- 1 to 20; f <- 1 to 10)
          Files.createFile(Files.createDirectories(directory.resolve(s"$k/$d")).resolve(s"$f"))
        val both = Vector.fill(2)(Future(NodeDirs.delete(directory)))
        both.foreach(Await.result(_, 1.minute))
        assert(!Files.exists(directory))
      }
    }
  }
}
