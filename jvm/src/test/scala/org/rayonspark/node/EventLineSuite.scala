package org.rayonspark.node

import org.rayonspark.plan.RayCommand
import org.scalatest.funsuite.AnyFunSuite

import scala.concurrent.duration._

class EventLineSuite extends AnyFunSuite {

  private val noEvents = Vector("", "no json", "[]", "7", "{}", """{"event":"unheard of"}""")

  for (line <- noEvents)
    test(s"a line [$line] is no event") {
      assert(EventLine.read(line).isEmpty)
    }

  test("hello carries the pid and both versions") {
    val line = """{"event":"hello","pid":7,"python":"3.11.7","ray":"2.60.0"}"""
    assert(EventLine.read(line).contains(NodeEvent.Hello(7, "3.11.7", Some("2.60.0"))))
  }

  test("hello of an interpreter without Ray has no version of it") {
    val line = """{"event":"hello","pid":7,"python":"3.11.7","ray":null}"""
    assert(EventLine.read(line).contains(NodeEvent.Hello(7, "3.11.7", None)))
  }

  test("gcs, node and exit are read") {
    assert(
      EventLine
        .read("""{"event":"node","name":"head-0","id":"ab","alive":false}""")
        .contains(NodeEvent.NodeSeen("head-0", "ab", alive = false))
    )
    assert(
      EventLine
        .read("""{"event":"exit","code":137,"asked":true,"tail":["ü","b"]}""")
        .contains(NodeEvent.Exited(NodeExit(137, asked = true, Vector("ü", "b"))))
    )
  }

  test("a launch is one line, whatever its values hold") {
    val command = RayCommand(Vector("start", "--resources={\"a\": 1}\n"), Map("A" -> "b\nc"))
    val line =
      EventLine.launch(
        NodeLaunch(command, 3, Some("10.0.0.1:6379"), "/logs", "ray-1-", Vector("/dev/shm/x"))
      )
    assert(
      line == """{"launch":{"arguments":["start","--resources={\"a\": 1}\n"],""" +
        """"environment":{"A":"b\nc"},"nodes":3,"watch_gcs":"10.0.0.1:6379",""" +
        """"log_directory":"/logs","log_prefix":"ray-1-","remove":["/dev/shm/x"]}}"""
    )
  }

  test("a launch that watches nothing says null") {
    val launch = NodeLaunch(RayCommand(Vector.empty, Map.empty), 1, None, "/logs", "", Vector.empty)
    assert(EventLine.launch(launch).contains(""""watch_gcs":null"""))
  }

  test("a drain carries its limit in seconds") {
    assert(EventLine.drain(20.seconds) == """{"drain":{"timeout_s":20.0}}""")
  }

  test("a stop carries its grace in seconds") {
    assert(EventLine.stop(1500.millis) == """{"stop":{"grace_s":1.5}}""")
  }
}
