package org.rayonspark.node

import org.rayonspark.plan.RayCommand
import org.scalatest.funsuite.AnyFunSuite

import scala.concurrent.duration._
import scala.util.Random

class EventLineSuite extends AnyFunSuite {

  private val noEvents = Vector("", "no json", "[]", "7", "{}", """{"event":"unheard of"}""")

  for (line <- noEvents)
    test(s"a line [$line] is not an event") {
      assert(EventLine.read(line).isEmpty)
    }

  private val malformed = Vector(
    """{"event":"hello"}""",
    """{"event":"hello","pid":"seven","python":"3","ray":null,"dashboard":true}""",
    """{"event":"hello","pid":7,"python":null,"ray":null,"dashboard":true}""",
    """{"event":"hello","pid":7,"python":"3","ray":null}""",
    """{"event":"node"}""",
    """{"event":"node","name":"a","id":"b","alive":"yes"}""",
    """{"event":"exit"}""",
    """{"event":"exit","code":1,"asked":true,"tail":"a"}"""
  )

  for (line <- malformed)
    test(s"a malformed event is ignored: $line") {
      assert(EventLine.read(line).isEmpty)
    }

  test("a truncated or corrupted line is an event or none, and never an error") {
    val line = """{"event":"exit","code":137,"asked":true,"tail":["a","b"]}"""
    val seed = System.nanoTime
    val random = new Random(seed)
    for (_ <- 1 to 2000) {
      val changed = line.take(random.nextInt(line.length + 1)).map { c =>
        if (random.nextInt(20) == 0) random.nextPrintableChar() else c
      }
      withClue(s"seed $seed, line $changed: ")(EventLine.read(changed))
    }
  }

  test("hello carries the pid and both versions") {
    val line = """{"event":"hello","pid":7,"python":"3.11.7","ray":"2.60.0","dashboard":true}"""
    val hello = NodeEvent.Hello(7, "3.11.7", Some("2.60.0"), dashboard = true)
    assert(EventLine.read(line).contains(hello))
  }

  test("hello of an interpreter without Ray has no Ray version") {
    val line = """{"event":"hello","pid":7,"python":"3.11.7","ray":null,"dashboard":false}"""
    assert(EventLine.read(line).contains(NodeEvent.Hello(7, "3.11.7", None, dashboard = false)))
  }

  test("node and exit are read") {
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

  test("a launch is one line, whatever its values contain") {
    val command = RayCommand(Vector("start", "--resources={\"a\": 1}\n"), Map("A" -> "b\nc"))
    val line =
      EventLine.launch(
        NodeLaunch(
          command,
          nodes = 3,
          clientServer = false,
          Some("10.0.0.1:6379"),
          "/logs",
          "ray-1-",
          Vector("/dev/shm/x")
        )
      )
    assert(
      line == """{"launch":{"arguments":["start","--resources={\"a\": 1}\n"],""" +
        """"environment":{"A":"b\nc"},"nodes":3,"client_server":false,"watch_gcs":"10.0.0.1:6379",""" +
        """"log_directory":"/logs","log_prefix":"ray-1-","remove":["/dev/shm/x"]}}"""
    )
  }

  test("a launch that watches no GCS says null") {
    val command = RayCommand(Vector.empty, Map.empty)
    val launch = NodeLaunch(command, 1, clientServer = true, None, "/logs", "", Vector.empty)
    assert(EventLine.launch(launch).contains(""""watch_gcs":null"""))
  }

  test("a drain carries its time limit in seconds") {
    assert(EventLine.drain(20.seconds) == """{"drain":{"timeout_s":20.0}}""")
  }

  test("a stop carries its grace period in seconds") {
    assert(EventLine.stop(1500.millis) == """{"stop":{"grace_s":1.5}}""")
  }
}
