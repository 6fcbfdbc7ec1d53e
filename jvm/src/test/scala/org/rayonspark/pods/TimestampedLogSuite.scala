package org.rayonspark.pods

import org.scalatest.funsuite.AnyFunSuite

import java.io.{ByteArrayInputStream, ByteArrayOutputStream, IOException, InputStream}
import java.time.Instant

class TimestampedLogSuite extends AnyFunSuite {
  private def at(second: Int): String = f"2026-01-02T03:04:$second%02d.000000007Z"

  private final class Reading {
    private val output = new ByteArrayOutputStream
    val log = new TimestampedLog(output)
    def read(text: String): Unit = log.read(new ByteArrayInputStream(text.getBytes))
    def passed: String = output.toString
  }

  test("nothing is passed on for an empty log") {
    val reading = new Reading
    reading.read("")
    assert(reading.passed.isEmpty && reading.log.newest.isEmpty)
  }

  test("lines lose their timestamp, and nothing else") {
    val reading = new Reading
    reading.read(s"${at(1)} a  b \n${at(2)} \n${at(2)} ä\n")
    assert(reading.passed == "a  b \n\nä\n")
    assert(reading.log.newest.contains(Instant.parse(at(2))))
  }

  test("lines that are read again are not passed on again") {
    val reading = new Reading
    reading.read(s"${at(1)} a\n${at(2)} b\n${at(2)} c\n")
    reading.read(s"${at(1)} a\n${at(2)} b\n${at(2)} c\n${at(2)} d\n${at(3)} e\n")
    reading.read(s"${at(3)} e\n")
    assert(reading.passed == "a\nb\nc\nd\ne\n")
  }

  test("a clock that was set back hides no line within one read") {
    val reading = new Reading
    reading.read(s"${at(5)} a\n${at(3)} b\n${at(5)} c\n")
    assert(reading.passed == "a\nb\nc\n")
  }

  test("a log that ends within a line or a timestamp continues there") {
    val all = s"${at(1)} first\n${at(2)} second\n"
    for (cut <- 0 to all.length) {
      val reading = new Reading
      reading.read(all.take(cut))
      reading.read(all)
      assert(reading.passed == "first\nsecond\n", s"cut at $cut")
    }
  }

  test("a line that could not be read to its end is passed on by the next read") {
    val reading = new Reading
    val broken: InputStream = new ByteArrayInputStream(s"${at(1)} fir".getBytes) {
      override def read(bytes: Array[Byte], from: Int, length: Int): Int = {
        val count = super.read(bytes, from, length)
        if (count < 0) throw new IOException("broken")
        count
      }
    }
    intercept[IOException](reading.log.read(broken))
    reading.read(s"${at(1)} first\n")
    assert(reading.passed == "first\n")
  }

  test("Kubernetes' own messages, which have no timestamp, are passed on") {
    val reading = new Reading
    reading.read("unable to retrieve container logs")
    assert(reading.passed == "unable to retrieve container logs")
  }
}
