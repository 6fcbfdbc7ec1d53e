package org.rayonspark.node

import org.rayonspark.plan.RayCommand
import org.scalatest.BeforeAndAfterAll
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Millis, Seconds, Span}

import java.nio.file.{Files, Path}
import java.util.concurrent.{LinkedBlockingQueue, TimeUnit}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/** Runs the real guard with an interpreter that has no Ray. tests/process tests the kills. */
class GuardedProcessSuite extends AnyFunSuite with BeforeAndAfterAll with Eventually {
  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(timeout = Span(10, Seconds), interval = Span(20, Millis))

  private val base = Files.createTempDirectory("t")
  private val venv = base.resolve("venv")
  private lazy val python = venv.resolve("bin/python").toString
  private val launch =
    NodeLaunch(
      RayCommand(Vector("start"), Map.empty),
      1,
      clientServer = false,
      None,
      base.resolve("logs").toString,
      "",
      Vector.empty
    )

  override def beforeAll(): Unit = {
    val made =
      new ProcessBuilder("python3", "-m", "venv", "--without-pip", venv.toString).inheritIO()
    assert(made.start().waitFor() == 0)
  }

  override def afterAll(): Unit = {
    assert(base.toFile.list.toSet.filter(_.startsWith("ros-")).isEmpty)
    NodeDirs.delete(base)
  }

  private final class Started(interpreter: String) {
    private val events = new LinkedBlockingQueue[NodeEvent]()
    private val before = children
    val directory: Path = NodeDirs.create(base.toString).fold(fail(_), identity)
    val process: NodeProcess =
      GuardedProcess.start(
        interpreter,
        directory,
        Map("PATH" -> sys.env("PATH")),
        e => events.put(e)
      )
    lazy val guard: ProcessHandle = children.diff(before).head

    def next(): NodeEvent =
      Option(events.poll(10, TimeUnit.SECONDS)).getOrElse(fail("no event in 10 s"))

    def hello(): NodeEvent.Hello = next() match {
      case hello: NodeEvent.Hello => hello
      case other => fail(s"$other")
    }

    def exit(): NodeExit = next() match {
      case NodeEvent.Exited(exit) => exit
      case other => fail(s"$other")
    }

    /** Checks that no event, thread, process or directory is left. */
    def assertGone(): Unit = {
      assert(!Files.exists(directory))
      eventually {
        val threads = Thread.getAllStackTraces.keySet.asScala.map(_.getName)
        assert(!threads.contains(s"rayonspark-node-${directory.getFileName}"))
      }
      assert(events.isEmpty)
      assert(Orphans.find(directory).isEmpty)
    }

    private def children: Vector[ProcessHandle] =
      ProcessHandle.current.children.iterator.asScala.toVector
  }

  test("an interpreter that does not exist causes an exit that names it") {
    val node = new Started("/no/such/python")
    val exit = node.exit()
    assert(exit.code == 127)
    assert(!exit.asked)
    assert(exit.tail.head.contains("/no/such/python"))
    node.assertGone()
  }

  test("a program that is not Python causes an exit with the program's output") {
    val node = new Started("/bin/sh")
    val exit = node.exit()
    assert(exit.code == 2)
    assert(exit.tail.head == "The node's guard ended with code 2.")
    assert(exit.tail.tail.exists(_.contains("/bin/sh")))
    node.assertGone()
  }

  test("an interpreter without Ray says hello without a Ray version, and stops when told") {
    val node = new Started(python)
    val hello = node.hello()
    assert(hello.ray.isEmpty)
    assert(hello.python.startsWith("3."))
    node.process.stop(1.second)
    node.process.stop(1.second)
    val exit = node.exit()
    assert(exit.asked)
    assert(exit.code == 143)
    node.assertGone()
  }

  test("a launch without Ray exits with a reason") {
    val node = new Started(python)
    node.hello()
    node.process.launch(launch)
    val exit = node.exit()
    assert(exit.code == 1)
    assert(!exit.asked)
    assert(exit.tail.exists(_.endsWith("/venv/bin/python has no Ray")))
    node.assertGone()
  }

  test("a node that dies without a request was not asked to end") {
    val node = new Started(python)
    ProcessHandle.of(node.hello().pid).get.destroyForcibly()
    assert(node.exit() == NodeExit(137, asked = false, Vector.empty))
    node.assertGone()
  }

  test("a guard that is killed ends its node, and its directories are removed") {
    val node = new Started(python)
    val pid = node.hello().pid
    val companion = Files.createDirectory(base.resolve("companion"))
    node.process.launch(launch.copy(remove = Vector(companion.toString)))
    node.guard.destroyForcibly()
    val exit = node.exit()
    assert(exit.tail.head == "The node's guard ended with code 137.")
    eventually(assert(!ProcessHandle.of(pid).isPresent))
    assert(!Files.exists(companion))
    node.assertGone()
  }

  test("a node that was never launched drains immediately, and its exit counts as requested") {
    val node = new Started(python)
    node.hello()
    node.process.drain(1.minute)
    node.process.drain(1.minute)
    assert(node.exit() == NodeExit(0, asked = true, Vector.empty))
    node.assertGone()
  }

  test("a launch and a stop after the end are harmless") {
    val node = new Started(python)
    node.hello()
    node.process.stop(1.second)
    node.exit()
    node.process.launch(launch)
    node.process.stop(1.second)
    node.assertGone()
  }

  test("a handler that throws still receives the exit") {
    val exits = new LinkedBlockingQueue[NodeEvent]()
    val directory = NodeDirs.create(base.toString).fold(fail(_), identity)
    val process = GuardedProcess.start(
      python,
      directory,
      Map("PATH" -> sys.env("PATH")),
      {
        case exit: NodeEvent.Exited => exits.put(exit)
        case other => throw new IllegalStateException(s"no handler for $other")
      }
    )
    process.stop(1.second)
    assert(exits.poll(10, TimeUnit.SECONDS) != null)
    assert(!Files.exists(directory))
  }
}
