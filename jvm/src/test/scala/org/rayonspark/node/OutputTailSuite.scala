package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.{Files, Path}

class OutputTailSuite extends AnyFunSuite {

  private def tailOf(text: String): Vector[String] = {
    val file = Files.createTempFile("tail", ".out")
    try OutputTail.read(Files.writeString(file, text))
    finally Files.delete(file)
  }

  test("a file that does not exist has no lines") {
    assert(OutputTail.read(Path.of("/tmp/no/such/file")).isEmpty)
  }

  test("an empty file has no lines") {
    assert(tailOf("").isEmpty)
  }

  test("a short file is read whole") {
    assert(tailOf("one\ntwo\n") == Vector("one", "two"))
  }

  test("only the last lines of a long file are read") {
    val tail = tailOf((1 to 100000).mkString("\n"))
    assert(tail.size == 30)
    assert(tail.last == "100000")
  }
}
