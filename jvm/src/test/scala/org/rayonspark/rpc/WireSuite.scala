package org.rayonspark.rpc

import org.rayonspark.RayClusterSpec
import org.rayonspark.conf.{PortPolicy, RayPort}
import org.rayonspark.node.{ContainerUsage, NodeEvent, NodeExit}
import org.rayonspark.plan.NodeRole
import org.rayonspark.supervision.Story
import org.scalatest.funsuite.AnyFunSuite

import java.io.{File, InvalidClassException}
import java.math.BigInteger
import java.nio.ByteBuffer
import java.util.{ArrayList => JArrayList, HashMap => JHashMap, PriorityQueue}
import scala.concurrent.duration._
import scala.util.Random
import scala.util.control.NonFatal

class WireSuite extends AnyFunSuite {

  private val spec = RayClusterSpec
    .builder()
    .build()

  private val plans = Story.running(2, spec).state.nodes.values.flatMap(_.plan).toVector

  private val context = LaunchContext(
    incarnation = 1,
    role = NodeRole.Worker,
    cores = 2,
    python = "python3",
    environment = Map("A" -> "b"),
    inherit = Vector("*"),
    ports = PortPolicy(Map(RayPort.Gcs -> 6379), Some(1 to 5), Some(7 to 9)),
    tempDirectory = "/tmp",
    logDirectory = Some("/logs"),
    head = None
  )

  private val messages: Vector[Serializable] = Vector[Serializable](
    AgentMessage.Register("1", "h"),
    AgentMessage.ResourceOffered("1", 0, Story.offerOf("1")),
    AgentMessage.OfferDeclined("1", 0, "why"),
    AgentMessage.NodeReport("1", 0, NodeEvent.Hello(7, "3.11", Some("2.60"), dashboard = true)),
    AgentMessage.NodeReport("1", 0, NodeEvent.NodeSeen("n", "id", alive = true)),
    AgentMessage.NodeReport("1", 0, NodeEvent.OutOfMemory(1)),
    AgentMessage.NodeReport("1", 0, NodeEvent.Exited(NodeExit(1, asked = true, Vector("a")))),
    AgentMessage.Closed("1"),
    DriverMessage.Prepare(context),
    DriverMessage.Prepare(context.copy(environment = (1 to 100).map(i => s"$i" -> "v").toMap)),
    DriverMessage.Ready,
    DriverMessage.Drain(20.seconds),
    DriverMessage.Stop(1.minute),
    ShutdownNotice("1", Some(ContainerUsage(1, 2, 3))),
    ShutdownDelay(Duration.Zero),
    AgentRequest.Discard(Vector.tabulate(1000)(i => s"/dev/shm/$i")),
    AgentRequest.OpenStagingServer,
    AgentResponse.Done,
    AgentResponse.Address(StagingAddress("h", 1, "secret")),
    AgentResponse.Refused("why")
  ) ++ plans.map(DriverMessage.Launch(0, _, 3))

  for ((message, i) <- messages.zipWithIndex)
    test(s"message $i, a ${message.getClass.getSimpleName}, is decoded unchanged") {
      assert(Wire.decode[Serializable](Wire.encode(message)) == message)
    }

  private val foreignObjects: Vector[(String, Serializable)] = Vector(
    "a file" -> new File("/tmp"),
    "Java's map, which hashes what it reads" -> new JHashMap[String, String],
    "Java's list" -> new JArrayList[String],
    "a queue, which compares what it reads" -> new PriorityQueue[String],
    "a Java number" -> BigInteger.ONE,
    "code" -> ((() => "run")
      .asInstanceOf[() => String with Serializable]
      .asInstanceOf[Serializable]),
    "a lazy list" -> LazyList.from(1).take(3),
    "an array of files" -> Array(new File("/tmp")),
    "a file in a message's field" -> AgentRequest.Discard(
      Vector(new File("/tmp")).asInstanceOf[Vector[String]]
    ),
    "a cluster's specification" -> spec
  )

  for ((what, foreign) <- foreignObjects)
    test(s"$what is not decoded") {
      intercept[InvalidClassException](Wire.decode[Serializable](Wire.encode(foreign)))
    }

  test("an array that claims to be longer than its message is refused before it is created") {
    val bytes = Wire.encode(Array.tabulate[Byte](16)(i => i.toByte))
    // Its length precedes its elements, at the end of the message.
    ByteBuffer.wrap(bytes).putInt(bytes.length - 16 - Integer.BYTES, Int.MaxValue)
    intercept[InvalidClassException](Wire.decode[Array[Byte]](bytes))
  }

  test("a message that is nested too deep is refused") {
    val deep = (1 to 200).foldLeft[AnyRef]("")((inner, _) => Some(inner))
    intercept[InvalidClassException](
      Wire.decode[Serializable](Wire.encode(deep.asInstanceOf[Some[_]]))
    )
  }

  test("corrupted bytes are decoded to a message or cause an exception, and nothing worse") {
    val seed = System.nanoTime
    val random = new Random(seed)
    val valid = messages.map(Wire.encode)
    for (_ <- 1 to 3000) {
      val bytes = valid(random.nextInt(valid.size)).clone
      for (_ <- 0 to random.nextInt(4))
        bytes(random.nextInt(bytes.length)) = random.nextInt().toByte
      withClue(s"seed $seed: ") {
        try Wire.decode[Any](bytes)
        catch { case NonFatal(_) => () }
      }
    }
  }
}
