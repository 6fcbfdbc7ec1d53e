package org.apache.spark.rayonspark

import org.rayonspark.{ExchangeException, LocalSpark}
import org.scalatest.funsuite.AnyFunSuite

import java.nio.charset.StandardCharsets.UTF_8
import scala.concurrent.Await
import scala.concurrent.duration._

/** Uses a real connection, as an executor does. */
final class SparkRpcSuite extends AnyFunSuite with LocalSpark {
  private val limit = 20.seconds

  private def serving[A](answer: (Array[Byte], Array[Byte] => Unit) => Unit)(
      test: (SparkRpc, AutoCloseable) => A
  ): Unit = {
    val another = new RpcOfAnotherJvm(spark.sparkContext)
    try {
      val server = SparkRpc.ofThisApplication().serve("suite", answer)
      try { test(another.transport.asInstanceOf[SparkRpc], server); () }
      finally server.close()
    } finally another.close()
  }

  private def causes(error: Throwable): Vector[Throwable] =
    Iterator.iterate(error)(_.getCause).takeWhile(_ != null).toVector

  test("a request that cannot be answered fails immediately with the reason") {
    serving((_, _) => throw new ExchangeException("It is broken.")) { (rpc, _) =>
      val answer = rpc.ask(rpc.driver("suite"), "?".getBytes(UTF_8))
      val error = intercept[Exception](Await.result(answer, limit))
      assert(causes(error).exists(_.getMessage.contains("It is broken.")))
      // Spark's own class loader decodes it: a class of RayOnSpark would close the connection.
      assert(!causes(error).exists(_.getClass.getName.startsWith("org.rayonspark")))
    }
  }

  test("the connection still works after a failed request") {
    serving { (request, reply) =>
      if (request.isEmpty) throw new IllegalStateException("There is no request.")
      reply(request)
    } { (rpc, _) =>
      val peer = rpc.driver("suite")
      intercept[Exception](Await.result(rpc.ask(peer, Array.empty), limit))
      assert(Await.result(rpc.ask(peer, Array[Byte](7)), limit).toVector == Vector[Byte](7))
    }
  }

  test("a request after the server's close fails immediately") {
    serving((request, reply) => reply(request)) { (rpc, server) =>
      val peer = rpc.driver("suite")
      server.close()
      intercept[Exception](Await.result(rpc.ask(peer, Array[Byte](7)), limit))
      server.close()
    }
  }
}
