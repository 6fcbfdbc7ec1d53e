package org.rayonspark.remote

import org.apache.spark.rayonspark.SparkNetwork
import org.rayonspark.conf.PortPolicy
import org.rayonspark.node.{NodeDirs, StagingDirectory}
import org.rayonspark.rpc.{StagingAddress, Wire}
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.io.{ByteArrayOutputStream, DataInputStream, EOFException, IOException}
import java.net.{InetAddress, ServerSocket, Socket, SocketException}
import java.nio.ByteBuffer
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.channels.{Channels, ReadableByteChannel}
import java.nio.file.{Files, Path}
import scala.util.{Random, Using}

/** Uses real sockets of this machine. */
final class StagingServerSuite extends AnyFunSuite with Eventually {
  implicit override val patienceConfig: PatienceConfig = PatienceConfig(Span(10, Seconds))

  private def withServer(test: (Path, StagingServer) => Unit): Unit = {
    val directory = Files.createTempDirectory("rayonspark-staging")
    val server = StagingServer.open("127.0.0.1", PortPolicy.free, new StagingDirectory(directory))
    try test(directory, server.fold(fail(_), identity))
    finally {
      server.foreach(_.close())
      NodeDirs.delete(directory)
    }
  }

  private def withFiles(test: (Path, StagingFiles) => Unit): Unit = withServer {
    (directory, server) =>
      Using.resource(RemoteStagingFiles.connect(server.address))(test(directory, _))
  }

  private def all(channel: ReadableByteChannel): Array[Byte] = {
    val bytes = new ByteArrayOutputStream
    Channels.newInputStream(channel).transferTo(bytes)
    bytes.toByteArray
  }

  test("written bytes arrive on the other side, and are read back") {
    withFiles { (directory, files) =>
      val (draft, path) = (directory.resolve("a.tmp"), directory.resolve("a.arrow"))
      // More than one message, and the last one is not full.
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

  test("an empty file exists, and a missing one does not") {
    withFiles { (directory, files) =>
      val path = directory.resolve("empty")
      files.create(path.toString).close()
      assert(Files.size(path) == 0)
      assert(all(files.open(path.toString).get).isEmpty)
      assert(files.open(directory.resolve("missing").toString).isEmpty)
    }
  }

  test("nothing outside the staging directory is read, written or deleted") {
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

  test("a client without the secret cannot connect") {
    withServer { (_, server) =>
      val stranger = server.address.copy(secret = "0" * server.address.secret.length)
      intercept[IOException](RemoteStagingFiles.connect(stranger))
    }
  }

  test("a client that does not try to authenticate cannot write a file") {
    withServer { (directory, server) =>
      val path = directory.resolve("planted")
      // An RPC as Spark frames it: length, type 3, request id, length of the body, body.
      val body = RequestFrame(StagingRequest.Append(path.toString), ByteBuffer.wrap("x".getBytes))
      val frame = ByteBuffer.allocate(8 + 1 + 8 + 4 + body.remaining)
      frame.putLong(frame.capacity.toLong).put(3.toByte).putLong(1).putInt(body.remaining).put(body)
      Using.resource(new Socket(server.address.host, server.address.port)) { socket =>
        socket.getOutputStream.write(frame.array)
        socket.getOutputStream.flush()
        // The server answers with a failure, or closes the connection.
        socket.getInputStream.read()
      }
      assert(!Files.exists(path))
    }
  }

  private def answerTo(server: StagingServer, sent: ByteBuffer*): String =
    Using.resource(new Socket(server.address.host, server.address.port)) { socket =>
      socket.setSoTimeout(10000)
      sent.foreach(bytes => socket.getOutputStream.write(bytes.array, 0, bytes.limit))
      socket.getOutputStream.flush()
      val in = new DataInputStream(socket.getInputStream)
      try {
        val answer = new Array[Byte]((in.readLong() - 8).toInt)
        in.readFully(answer)
        new String(answer, UTF_8)
      } catch { case _: EOFException | _: SocketException => "closed" }
    }

  // Some kinds of messages have further numbers after the body: all 0 here.
  private val moreBytes = 12

  /** Frames a message as Spark does: length, type, request id, length of the body, body. */
  private def frame(kind: Byte, body: ByteBuffer): ByteBuffer = {
    val frame = ByteBuffer.allocate(8 + 1 + 8 + 4 + body.remaining + moreBytes)
    frame.putLong(frame.capacity.toLong).put(kind).putLong(1).putInt(body.remaining).put(body)
    frame.clear()
  }

  // RPC, chunk fetch, stream, stream upload and merged blocks: all types that Spark answers.
  for (kind <- Vector[Byte](3, 0, 6, 10, 11))
    test(s"an unauthenticated message of type $kind is not answered with a stack trace") {
      withServer { (_, server) =>
        val body = RequestFrame(StagingRequest.Size("/etc/passwd"), RequestFrame.nothing)
        val answer = answerTo(server, frame(kind, body))
        assert(!answer.contains("\tat ") && !answer.contains(".scala:"), answer)
      }
    }

  for (claimed <- Vector(Long.MaxValue, Int.MaxValue.toLong, (8L << 20) + 1, 7L, 0L, -1L))
    test(s"a frame that claims $claimed bytes ends the connection before they are read") {
      withServer { (_, server) =>
        assert(answerTo(server, ByteBuffer.allocate(8).putLong(claimed).flip()) == "closed")
      }
    }

  test("no buffer is allocated for a piece of invalid size") {
    withServer { (directory, server) =>
      val path = Files.createFile(directory.resolve("a")).toString
      Using.resource(
        SparkNetwork.connect(server.address.host, server.address.port, server.address.secret)
      ) { connection =>
        for (count <- Vector(-1, Int.MaxValue)) {
          val request = RequestFrame(StagingRequest.Read(path, 0, count), RequestFrame.nothing)
          val why = intercept[IOException](connection.ask(request)).getMessage
          assert(
            why.contains(s"$count bytes of a file were requested at once; the maximum is 4194304.")
          )
          assert(!why.contains("\tat "))
        }
      }
    }
  }

  for (length <- Vector(-1, 2, Int.MaxValue))
    test(s"a request that claims $length bytes in a frame of one is refused") {
      val frame = ByteBuffer.allocate(5).putInt(length).put(1.toByte).flip()
      intercept[IOException](RequestFrame.request(frame))
    }

  test("a frame without a request is refused") {
    intercept[IOException](RequestFrame.request(ByteBuffer.allocate(3)))
  }

  test("a link in the staging directory is not followed") {
    withFiles { (directory, files) =>
      val outside = Files.createTempFile("rayonspark", "outside")
      try {
        val link = Files.createSymbolicLink(directory.resolve("link"), outside).toString
        assert(files.open(link).isEmpty)
        intercept[IOException] {
          val sink = files.create(link)
          sink.write(ByteBuffer.wrap(Array[Byte](1)))
          sink.close()
        }
        assert(Files.size(outside) == 0)
      } finally Files.delete(outside)
    }
  }

  test("a draft is deleted when the connection that wrote it ends") {
    withServer { (directory, server) =>
      val draft = directory.resolve("draft.tmp")
      val kept = directory.resolve("kept.arrow")
      val files = RemoteStagingFiles.connect(server.address)
      files.create(draft.toString).close()
      files.create(kept.toString + ".tmp").close()
      files.publish(kept.toString + ".tmp", kept.toString)
      assert(Files.exists(draft))
      files.close()
      eventually(assert(!Files.exists(draft)))
      assert(Files.exists(kept))
    }
  }

  test("the secret is not printed, and the request of a frame is read back") {
    assert(!StagingAddress("h", 1, "s3cret").toString.contains("s3cret"))
    val request = StagingRequest.Read("/a", 1, 2)
    val frame = RequestFrame(request, ByteBuffer.wrap(Array[Byte](7)))
    assert(RequestFrame.request(frame) == request)
    assert(frame.remaining == 1)
    assert(Wire.decode[StagingRequest](Wire.encode(request)) == request)
  }

  test("the port is in the range, and a range without a free port is an error") {
    Using.resource(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) { taken =>
      val port = taken.getLocalPort
      val directory = new StagingDirectory(Files.createTempDirectory("rayonspark-staging"))
      val full = PortPolicy.free.copy(range = Some(port to port))
      try
        assert(
          StagingServer
            .open("127.0.0.1", full, directory)
            .left
            .exists(_.contains("Widen the range"))
        )
      finally NodeDirs.delete(directory.path)
      Using.resource(SparkNetwork.listen("127.0.0.1", Iterator(port, 0), "s", null).get._2)(_ => ())
    }
  }
}
