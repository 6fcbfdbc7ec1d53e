package org.rayonspark.pods

import com.sun.net.httpserver.{HttpExchange, HttpServer}
import io.fabric8.kubernetes.client.{Config, ConfigBuilder, KubernetesClientBuilder}
import org.scalatest.funsuite.AnyFunSuite

import java.io.ByteArrayOutputStream
import java.net.{InetAddress, InetSocketAddress}
import java.nio.charset.StandardCharsets.UTF_8
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.{CountDownLatch, Executors, LinkedBlockingQueue}
import scala.concurrent.duration._
import scala.collection.JavaConverters._
import scala.util.Using

class DriverPodSuite extends AnyFunSuite {
  private val limit = 40.seconds

  /** An API server with one pod, whose log is what `log` writes at each request. */
  private final class FakeApi(log: (FakeApi, Int, HttpExchange) => Unit) extends AutoCloseable {
    @volatile var phase = "Running"
    val closing = new CountDownLatch(1)
    val queries = new LinkedBlockingQueue[String]
    private val requests = new AtomicInteger
    private val threads = Executors.newCachedThreadPool()
    private val server =
      HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress, 0), 0)
    server.setExecutor(threads)
    server.createContext("/api/v1/namespaces/n/pods", answerList(_))
    server.createContext("/api/v1/namespaces/n/pods/p", answer(_, pod))
    server.createContext("/api/v1/namespaces/n/pods/p/log", answerLog(_))
    server.start()

    def url: String = s"http://127.0.0.1:${server.getAddress.getPort}/"

    private def pod: String =
      s"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},
         |"spec":{"containers":[{"name":"c"}]},
         |"status":{"phase":"$phase","conditions":[{"type":"Ready","status":"True"}],
         |"containerStatuses":[]}}""".stripMargin

    private def answer(exchange: HttpExchange, json: String): Unit = {
      val bytes = json.getBytes(UTF_8)
      exchange.getResponseHeaders.add("Content-Type", "application/json")
      exchange.sendResponseHeaders(200, bytes.length.toLong)
      exchange.getResponseBody.write(bytes)
      exchange.close()
    }

    /** The client asks for the list before it reads the log: the container may not be ready. */
    private def answerList(exchange: HttpExchange): Unit =
      if (exchange.getRequestURI.getQuery.contains("watch=true")) {
        exchange.sendResponseHeaders(200, 0)
        closing.await()
      } else
        answer(
          exchange,
          s"""{"apiVersion":"v1","kind":"PodList","metadata":{"resourceVersion":"1"},
             |"items":[$pod]}""".stripMargin
        )

    private def answerLog(exchange: HttpExchange): Unit = {
      queries.add(exchange.getRequestURI.getQuery)
      log(this, requests.incrementAndGet(), exchange)
    }

    override def close(): Unit = {
      closing.countDown()
      server.stop(0)
      threads.shutdownNow()
      ()
    }
  }

  /** Writes log lines, each with a second for its timestamp. */
  private def print(exchange: HttpExchange, lines: (Int, String)*): Unit = {
    exchange.sendResponseHeaders(200, 0)
    val stamped = exchange.getRequestURI.getQuery.contains("timestamps=true")
    for ((second, line) <- lines) {
      val stamp = if (stamped) f"2026-01-02T03:04:$second%02d.000000007Z " else ""
      exchange.getResponseBody.write(s"$stamp$line\n".getBytes(UTF_8))
    }
    exchange.getResponseBody.flush()
  }

  /** Returns the part of the log that is passed on until the driver has ended. */
  private def passedOn(api: FakeApi): String = {
    val output = new ByteArrayOutputStream
    val config = new ConfigBuilder(Config.empty())
      .withMasterUrl(api.url)
      .withRequestRetryBackoffLimit(0)
      .build()
    val client = new KubernetesClientBuilder().withConfig(config).build()
    Using.resource(new DriverPod(client, "n", "p", "c", output)) { pod =>
      val deadline = limit.fromNow
      while (!pod.ended()) assert(deadline.hasTimeLeft(), s"passed on so far: $output")
      output.toString
    }
  }

  test("the output of a driver that has already ended is passed on once") {
    val api = new FakeApi((_, _, exchange) => {
      print(exchange, 1 -> "one", 1 -> "two")
      exchange.close()
    })
    api.phase = "Succeeded"
    Using.resource(api)(_ => assert(passedOn(api) == "one\ntwo\n"))
  }

  test("a log that breaks off is read again from its last line until the driver has ended") {
    val api = new FakeApi({
      case (_, 1, exchange) =>
        print(exchange, 1 -> "one", 2 -> "two")
        // Without the end that the protocol requires.
        exchange.close()
      case (_, 2, exchange) =>
        exchange.sendResponseHeaders(500, -1)
        exchange.close()
      case (_, 3, exchange) =>
        print(exchange, 2 -> "two", 3 -> "three")
        exchange.getResponseBody.close()
      case (api, _, exchange) =>
        api.phase = "Succeeded"
        print(exchange, 3 -> "three", 4 -> "four")
        exchange.getResponseBody.close()
    })
    Using.resource(api) { _ =>
      assert(passedOn(api) == "one\ntwo\nthree\nfour\n")
      val asked = api.queries.asScala.toVector
      assert(asked.count(_.contains("sinceTime=2026-01-02T03:04:02")) == 2, asked)
    }
  }

  test("a silent connection is closed when the driver has ended") {
    val api = new FakeApi({
      case (api, 1, exchange) =>
        print(exchange, 1 -> "one")
        api.phase = "Succeeded"
        api.closing.await()
      case (_, _, exchange) =>
        print(exchange, 1 -> "one", 2 -> "two")
        exchange.getResponseBody.close()
    })
    Using.resource(api)(_ => assert(passedOn(api) == "one\ntwo\n"))
  }
}
