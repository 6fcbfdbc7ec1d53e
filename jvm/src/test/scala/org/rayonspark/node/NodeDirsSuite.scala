package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, Path}
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._
import scala.concurrent.{Await, Future}

class NodeDirsSuite extends AnyFunSuite {

  private def make(base: Path): Path =
    NodeDirs.create(base.toString).fold(fail(_), identity)

  private def withBase(test: Path => Unit): Unit = {
    val base = Files.createTempDirectory("t")
    try test(base)
    finally NodeDirs.delete(base)
  }

  test("a directory that does not exist is deleted without complaint") {
    NodeDirs.delete(Path.of("/tmp/ros-there-is-no-such-directory"))
  }

  test("a node's directory is its user's alone") {
    withBase { base =>
      val mode = Files.getPosixFilePermissions(make(base))
      assert(PosixFilePermissions.toString(mode) == "rwx------")
    }
  }

  test("two nodes on one host have two directories") {
    withBase(base => assert(make(base) != make(base)))
  }

  test("a base that does not exist is an error that names it and the field to set") {
    val why = NodeDirs.create("/tmp/no/such").left.getOrElse(fail())
    assert(
      why.matches(
        "No directory could be made in temp directory \"/tmp/no/such\" " +
          "\\(NoSuchFileException: /tmp/no/such/ros-\\w{6}\\)\\. " +
          "Set `temp_dir` to a directory that this user may write to\\."
      )
    )
  }

  test("a base that leaves no room for Ray's sockets is an error with both numbers") {
    val why = NodeDirs.create("/" + "long/" * 20).left.getOrElse(fail())
    assert(
      why.contains("has 100 bytes in its name, and Ray's sockets leave room for 31. Set `temp_dir`")
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

  test("two may delete the same tree at once") {
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
