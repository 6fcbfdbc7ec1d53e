package org.rayonspark.route

import org.apache.spark.rayonspark.SparkNetwork
import org.rayonspark.conf.PortPolicy
import org.rayonspark.node.{NodeDirs, StagingDirectory}
import org.rayonspark.rendezvous.{RouteAddress, Wire}
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.io.{ByteArrayOutputStream, IOException}
import java.net.{InetAddress, ServerSocket, Socket}
import java.nio.ByteBuffer
import java.nio.channels.{Channels, ReadableByteChannel}
import java.nio.file.{Files, Path}
import scala.util.{Random, Using}

/** Over real sockets of this machine. */
final class RouteSuite extends AnyFunSuite with Eventually {
  implicit override val patienceConfig: PatienceConfig = PatienceConfig(Span(10, Seconds))

  private def withServer(test: (Path, RouteServer) => Unit): Unit = {
    val directory = Files.createTempDirectory("rayonspark-route")
    val server = RouteServer.open("127.0.0.1", PortPolicy.free, new StagingDirectory(directory))
    try test(directory, server.fold(fail(_), identity))
    finally {
      server.foreach(_.close())
      NodeDirs.delete(directory)
    }
  }

  private def withFiles(test: (Path, StagingFiles) => Unit): Unit = withServer {
    (directory, server) =>
      Using.resource(RouteFiles.connect(server.address))(test(directory, _))
  }

  private def all(channel: ReadableByteChannel): Array[Byte] = {
    val bytes = new ByteArrayOutputStream
    Channels.newInputStream(channel).transferTo(bytes)
    bytes.toByteArray
  }

  test("what is written comes out on the other side, and back again") {
    withFiles { (directory, files) =>
      val (draft, path) = (directory.resolve("a.tmp"), directory.resolve("a.arrow"))
      // More than one message, and an end in the middle of one.
      val bytes = new Array[Byte](10_000_001)
      new Random(1).nextBytes(bytes)
      val sink = files.create(draft.toString)
      bytes.grouped(3_333_333).foreach(part => sink.write(ByteBuffer.wrap(part)))
      sink.close()
      assert(sink.size == bytes.length)
      files.publish(draft.toString, path.toString)
      assert(Files.readAllBytes(path).sameElements(bytes))
      assert(!Files.exists(draft))
      assert(all(files.open(path.toString).get).sameElements(bytes))
      files.delete(path.toString)
      assert(!Files.exists(path))
    }
  }

  test("a file without bytes is a file, and one that is missing is none") {
    withFiles { (directory, files) =>
      val path = directory.resolve("empty")
      files.create(path.toString).close()
      assert(Files.size(path) == 0)
      assert(all(files.open(path.toString).get).isEmpty)
      assert(files.open(directory.resolve("missing").toString).isEmpty)
    }
  }

  test("nothing outside of the staging is read, written or deleted") {
    withFiles { (directory, files) =>
      val outside = Files.createTempFile("rayonspark", "outside")
      val climbing = directory.resolve("..").resolve(outside.getFileName).toString
      try {
        Seq(outside.toString, climbing, directory.toString).foreach { name =>
          intercept[IOException](files.open(name))
          intercept[IOException](files.create(name).close())
          intercept[IOException](files.publish(name, directory.resolve("x").toString))
        }
        files.delete(climbing)
        assert(Files.size(outside) == 0)
      } finally Files.delete(outside)
    }
  }

  test("without the secret there is no answer") {
    withServer { (_, server) =>
      val stranger = server.address.copy(secret = "0" * server.address.secret.length)
      intercept[IOException](RouteFiles.connect(stranger))
    }
  }

  test("one who does not even try to authenticate gets nothing done") {
    withServer { (directory, server) =>
      val path = directory.resolve("planted")
      // An RPC as Spark frames it: length, type 3, request id, length of the body, body.
      val body = Frame(RouteQuestion.Append(path.toString), ByteBuffer.wrap("x".getBytes))
      val frame = ByteBuffer.allocate(8 + 1 + 8 + 4 + body.remaining)
      frame.putLong(frame.capacity.toLong).put(3.toByte).putLong(1).putInt(body.remaining).put(body)
      Using.resource(new Socket(server.address.host, server.address.port)) { socket =>
        socket.getOutputStream.write(frame.array)
        socket.getOutputStream.flush()
        // The answer is a failure, or the connection's end.
        socket.getInputStream.read()
      }
      assert(!Files.exists(path))
    }
  }

  test("a draft goes with the connection that wrote it") {
    withServer { (directory, server) =>
      val draft = directory.resolve("draft.tmp")
      val kept = directory.resolve("kept.arrow")
      val files = RouteFiles.connect(server.address)
      files.create(draft.toString).close()
      files.create(kept.toString + ".tmp").close()
      files.publish(kept.toString + ".tmp", kept.toString)
      assert(Files.exists(draft))
      files.close()
      eventually(assert(!Files.exists(draft)))
      assert(Files.exists(kept))
    }
  }

  test("the secret is not printed, and the question of a frame is read back") {
    assert(!RouteAddress("h", 1, "s3cret").toString.contains("s3cret"))
    val question = RouteQuestion.Read("/a", 1, 2)
    val frame = Frame(question, ByteBuffer.wrap(Array[Byte](7)))
    assert(Frame.question(frame) == question)
    assert(frame.remaining == 1)
    assert(Wire.decode[RouteQuestion](Wire.encode(question)) == question)
  }

  test("the port is of the range, and a range without a free port is told") {
    Using.resource(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) { taken =>
      val port = taken.getLocalPort
      val directory = new StagingDirectory(Files.createTempDirectory("rayonspark-route"))
      val full = PortPolicy.free.copy(range = Some(port to port))
      try
        assert(
          RouteServer
            .open("127.0.0.1", full, directory)
            .left
            .exists(_.contains("Widen the range"))
        )
      finally NodeDirs.delete(directory.path)
      Using.resource(SparkNetwork.listen("127.0.0.1", Vector(port, 0), "s", null).get._2)(_ => ())
    }
  }
}
