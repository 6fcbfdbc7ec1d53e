package org.rayonspark.node

import org.rayonspark.conf.PortPolicy
import org.rayonspark.plan.NodeRole
import org.rayonspark.rpc._
import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.{Files, Path, Paths}
import java.util.concurrent.{LinkedBlockingQueue, TimeUnit}
import scala.concurrent.duration._

class NodeAgentSuite extends AnyFunSuite {
  private val limit = 10.seconds
  private case object Driver extends EndpointRef

  /** Records the messages of agents, and sends messages to them. */
  private final class AgentTransport extends FakeTransport {
    val sent = new LinkedBlockingQueue[AgentMessage]
    @volatile private var receive: (Array[Byte], EndpointRef) => Unit = (_, _) => ()
    @volatile private var answer: (Array[Byte], Array[Byte] => Unit) => Unit = (_, _) => ()

    def send(message: DriverMessage): Unit = receive(Wire.encode(message), Driver)

    def request(request: AgentRequest): AgentResponse = {
      val answers = new LinkedBlockingQueue[Array[Byte]]
      answer(Wire.encode(request), bytes => { answers.add(bytes); () })
      Wire.decode[AgentResponse](answers.poll(limit.toSeconds, TimeUnit.SECONDS))
    }

    def next(): AgentMessage = sent.poll(limit.toSeconds, TimeUnit.SECONDS)

    override def open(
        name: String,
        onMessage: (Array[Byte], EndpointRef) => Unit,
        onRequest: (Array[Byte], Array[Byte] => Unit) => Unit
    ): Endpoint = {
      receive = onMessage
      answer = onRequest
      new Endpoint {
        override def send(peer: EndpointRef, message: Array[Byte]): Unit = {
          sent.add(Wire.decode[AgentMessage](message))
          ()
        }
        override def close(): Unit = ()
      }
    }
    override def driver(name: String): EndpointRef = Driver
  }

  /** Starts children that say hello, and end when they are told to. */
  private final class FakeChildren extends NodeProcessFactory {
    val started = new LinkedBlockingQueue[Path]
    @volatile var failure = Option.empty[Throwable]

    override def start(
        python: String,
        directory: Path,
        environment: Map[String, String],
        onEvent: NodeEvent => Unit
    ): NodeProcess = {
      started.add(directory)
      failure.foreach(throw _)
      onEvent(NodeEvent.Hello(1, "3.11.7", Some("2.60.0"), dashboard = true))
      new FakeProcess(directory, onEvent)
    }
  }

  private val executor = ExecutorInfo(
    executorId = "1",
    host = "127.0.0.1",
    gpuAddresses = Vector.empty,
    localDirs = Vector("/tmp"),
    containerMemory = None,
    logDirectory = None,
    sharedLogs = false,
    environment = Map.empty,
    pythonPath = Vector.empty,
    fetchedFiles = "/no/fetched/files"
  )

  private def context(incarnation: Int, tempDirectory: String): LaunchContext = LaunchContext(
    incarnation,
    NodeRole.Worker,
    cores = 1,
    python = "python3",
    environment = Map.empty,
    inherit = Vector("*"),
    ports = PortPolicy.free,
    tempDirectory = tempDirectory,
    logDirectory = None,
    head = None
  )

  private final class Fixture(servers: StagingAccessFactory = (_, _, _) => Left("none")) {
    val transport = new AgentTransport
    val children = new FakeChildren
    val agent =
      new NodeAgent(
        "agent-test",
        executor,
        transport,
        children,
        servers,
        ShutdownHooks.ofDriver,
        () => ()
      )
    assert(transport.next() == AgentMessage.Register("1", "127.0.0.1"))

    def prepare(incarnation: Int, tempDirectory: String = "/tmp"): Unit =
      transport.send(DriverMessage.Prepare(context(incarnation, tempDirectory)))

    def offered(): AgentMessage.ResourceOffered = {
      assert(transport.next().isInstanceOf[AgentMessage.NodeReport])
      transport.next().asInstanceOf[AgentMessage.ResourceOffered]
    }

    def cannotOffer(): AgentMessage.OfferDeclined =
      transport.next().asInstanceOf[AgentMessage.OfferDeclined]

    def stop(): Unit = {
      transport.send(DriverMessage.Stop(Duration.Zero))
      assert(agent.awaitClosed(limit))
    }
  }

  test("an agent without a node closes when it is told to stop") {
    val fixture = new Fixture
    fixture.stop()
    assert(fixture.transport.next() == AgentMessage.Closed("1"))
  }

  test("a preparation that throws is reported to the driver, and leaves nothing") {
    val failures = Vector(
      new java.io.UncheckedIOException(new java.io.IOException("Too many open files")),
      new OutOfMemoryError("unable to create native thread")
    )
    val fixture = new Fixture
    for ((failure, incarnation) <- failures.zipWithIndex) {
      fixture.children.failure = Some(failure)
      fixture.prepare(incarnation)
      val declined = fixture.cannotOffer()
      assert(declined.incarnation == incarnation && declined.why.contains(failure.getMessage))
      assert(!Files.exists(fixture.children.started.take()))
    }
    fixture.children.failure = None
    fixture.prepare(failures.size)
    assert(fixture.offered().incarnation == failures.size)
    fixture.stop()
  }

  test("a temporary directory that cannot be created is reported, and a later one is used") {
    val fixture = new Fixture
    val file = Files.createTempFile("ros-test", "")
    try {
      fixture.prepare(0, file.toString)
      assert(fixture.cannotOffer().incarnation == 0)
      fixture.prepare(1)
      assert(fixture.offered().incarnation == 1)
    } finally Files.delete(file)
    fixture.stop()
  }

  test("a node that was prepared but not launched is gone before it is prepared again") {
    val fixture = new Fixture
    fixture.prepare(0)
    val first = Paths.get(fixture.offered().offer.directory)
    fixture.prepare(1)
    // The end of the first one.
    assert(fixture.transport.next().isInstanceOf[AgentMessage.NodeReport])
    val second = Paths.get(fixture.offered().offer.directory)
    assert(!Files.exists(first) && Files.exists(second))
    fixture.stop()
    assert(!Files.exists(second))
  }

  test("a request that cannot be answered is refused with a reason") {
    val fixture = new Fixture
    assert(
      fixture.transport.request(AgentRequest.OpenStagingServer).isInstanceOf[AgentResponse.Refused]
    )
    fixture.stop()
  }
}
