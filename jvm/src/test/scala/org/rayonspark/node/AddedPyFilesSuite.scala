package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.io.File
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path}
import java.util.zip.{ZipEntry, ZipOutputStream}

class AddedPyFilesSuite extends AnyFunSuite {

  private def withNode(known: String*)(test: (Path, Path, AddedPyFiles) => Unit): Unit = {
    val base = Files.createTempDirectory("pyfiles")
    val fetched = Files.createDirectory(base.resolve("fetched"))
    val onPath = Files.createDirectory(base.resolve("path"))
    val files = known.map(name => fetched.resolve(name).toFile).toSet[File]
    val added = new AddedPyFiles("rayonspark-pyfiles-test", fetched.toFile, files, onPath)
    try test(fetched, onPath, added)
    finally {
      added.close()
      NodeDirs.delete(base)
    }
  }

  private def write(archive: Path, entries: (String, String)*): Unit = {
    val zip = new ZipOutputStream(Files.newOutputStream(archive))
    entries.foreach { case (name, content) =>
      zip.putNextEntry(new ZipEntry(name))
      zip.write(content.getBytes(UTF_8))
    }
    zip.close()
  }

  /** Two checks see the same file: it is complete. */
  private def settle(added: AddedPyFiles): Unit = {
    added.check()
    added.check()
  }

  private def names(directory: Path): Set[String] = directory.toFile.list.toSet

  test("modules of an archive that is added later are on the path") {
    withNode() { (fetched, onPath, added) =>
      write(fetched.resolve("one.zip"), "single.py" -> "A = 1", "both/one.py" -> "B = 1")
      write(fetched.resolve("two.EGG"), "both/two.py" -> "B = 2")
      settle(added)
      assert(names(onPath) == Set("single.py", "both"))
      assert(names(onPath.resolve("both")) == Set("one.py", "two.py"))
      assert(Files.readString(onPath.resolve("single.py")) == "A = 1")
    }
  }

  test("a newer version of an archive replaces its modules") {
    withNode() { (fetched, onPath, added) =>
      write(fetched.resolve("one.zip"), "single.py" -> "A = 1")
      settle(added)
      write(fetched.resolve("one.zip"), "single.py" -> "A = 1000")
      settle(added)
      assert(Files.readString(onPath.resolve("single.py")) == "A = 1000")
    }
  }

  test("archives with data, and archives that are on the path themselves, are left alone") {
    withNode("known.zip") { (fetched, onPath, added) =>
      write(fetched.resolve("data.zip"), "train.csv" -> "1,2")
      write(fetched.resolve("known.zip"), "known.py" -> "A = 1")
      settle(added)
      assert(names(onPath).isEmpty)
    }
  }

  test("an archive that Spark still writes is unpacked when it is complete") {
    withNode() { (fetched, onPath, added) =>
      write(fetched.resolve("whole"), "single.py" -> "A = 1")
      val whole = Files.readAllBytes(fetched.resolve("whole"))
      Files.write(fetched.resolve("one.zip"), whole.take(20))
      settle(added)
      assert(names(onPath).isEmpty)
      Files.write(fetched.resolve("one.zip"), whole)
      settle(added)
      assert(names(onPath) == Set("single.py"))
    }
  }

  test("one archive that cannot be unpacked does not keep another one from it") {
    withNode() { (fetched, onPath, added) =>
      write(fetched.resolve("a.zip"), "a\u0000b/c.txt" -> "", "never.py" -> "A = 1")
      write(fetched.resolve("b.zip"), "single.py" -> "A = 1")
      settle(added)
      assert(names(onPath) == Set("single.py"))
      assert(names(onPath.getParent) == Set("fetched", "path"))
    }
  }

  test("a directory with the name of an archive is not one") {
    withNode() { (fetched, onPath, added) =>
      Files.createDirectory(fetched.resolve("env.zip"))
      assert(AddedPyFiles.archives(fetched.toFile).isEmpty)
      settle(added)
      assert(names(onPath).isEmpty)
    }
  }

  test("after its end, nothing is unpacked, and a deleted directory does not come back") {
    withNode() { (fetched, onPath, added) =>
      write(fetched.resolve("one.zip"), "single.py" -> "A = 1")
      added.check()
      added.close()
      added.check()
      assert(names(onPath).isEmpty)
      assert(names(onPath.getParent) == Set("fetched", "path"))
    }
    withNode() { (fetched, onPath, added) =>
      write(fetched.resolve("one.zip"), "deep/single.py" -> "A = 1")
      NodeDirs.delete(onPath)
      settle(added)
      assert(names(onPath.getParent) == Set("fetched"))
    }
  }

  test("an archive whose entries lead out of it is refused") {
    withNode() { (fetched, onPath, added) =>
      write(fetched.resolve("evil.zip"), "good.py" -> "A = 1", "../../evil.py" -> "B = 1")
      settle(added)
      assert(names(onPath).isEmpty)
      assert(names(onPath.getParent) == Set("fetched", "path"))
    }
  }
}
