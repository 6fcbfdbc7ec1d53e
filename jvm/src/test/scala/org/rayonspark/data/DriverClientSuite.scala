package org.rayonspark.data

import org.apache.spark.rayonspark.{RpcOfAnotherJvm, SparkRpc}
import org.rayonspark.rpc.{EndpointRef, FakeTransport, Transport, Wire}
import org.rayonspark.{ExchangeException, LocalSpark}
import org.scalatest.funsuite.AnyFunSuite

import scala.concurrent.duration._
import scala.concurrent.{Await, ExecutionContext, Future, Promise}

/** What a task receives, whatever the driver does with its request. */
final class DriverClientSuite extends AnyFunSuite with LocalSpark {
  private val limit = 20.seconds
  private val soon = 1.millisecond
  private implicit val context: ExecutionContext = ExecutionContext.global

  /** A driver that never answers a request, but answers checks with `checks`. */
  private final class SilentDriver(checks: () => Future[Unit]) extends FakeTransport {
    val answer: Promise[Array[Byte]] = Promise()
    override def ask(peer: EndpointRef, request: Array[Byte]): Future[Array[Byte]] = answer.future
    override def check(peer: EndpointRef): Future[Unit] = checks()
  }

  private def client(transport: Transport, limit: FiniteDuration = limit): DriverClient =
    new DriverClient(transport, "suite", () => false, checkPeriod = soon, checkLimit = limit)

  /** Both ways to send a request. */
  private def both(client: DriverClient): Vector[() => String] =
    Vector(() => client.ask[String]("?"), () => client.settle[String]("?"))

  private def errorOf(asking: () => String): String =
    intercept[ExchangeException](Await.result(Future(asking()), limit)).getMessage

  test(
    "a request that the driver dropped fails as soon as the driver no longer serves the transfer"
  ) {
    val gone = new SilentDriver(() => Future.failed(new Exception("there is no such endpoint")))
    for (asking <- both(client(gone)))
      assert(errorOf(asking).contains("no longer serves the transfer"))
  }

  test("a task waits no longer than the limit for a driver that does not answer the check") {
    val hung = new SilentDriver(() => Promise[Unit]().future)
    for (asking <- both(client(hung, limit = soon)))
      assert(errorOf(asking).contains("has not answered"))
  }

  test("a task waits for a driver that answers the checks") {
    var checks = 0
    lazy val driver: SilentDriver = new SilentDriver(() => {
      checks += 1
      if (checks == 3) driver.answer.success(Wire.encode("at last"))
      Future.unit
    })
    assert(client(driver).ask[String]("?") == "at last")
    assert(checks == 3)
  }

  test("an answer that arrived before the driver's end is used") {
    lazy val driver: SilentDriver = new SilentDriver(() => {
      driver.answer.success(Wire.encode("just in time"))
      Future.failed(new Exception("there is no such endpoint"))
    })
    assert(client(driver).settle[String]("?") == "just in time")
  }

  test("a task of another JVM fails when the endpoint is closed while it waits") {
    val another = new RpcOfAnotherJvm(spark.sparkContext)
    try {
      val asked = Promise[Unit]()
      val server =
        SparkRpc.ofThisApplication().serve("suite", (_, _) => { asked.trySuccess(()); () })
      val asking = Future(client(another.transport).ask[String]("?"))
      Await.result(asked.future, limit)
      server.close()
      val error = intercept[ExchangeException](Await.result(asking, limit))
      assert(error.getMessage.contains("no longer serves the transfer"))
    } finally another.close()
  }

  test("a request that the driver cannot decode or serve fails in the task that sent it") {
    val staging = new FakeStaging(1000)
    try {
      spark.sparkContext
      val frame = new ImportQueue(staging).start(
        new org.apache.spark.sql.types.StructType(),
        Vector.empty
      )
      try {
        val asking = new DriverClient(SparkRpc.ofThisApplication(), frame.endpoint, () => false)
        assert(errorOf(() => asking.ask[String]("no request")).contains("did not answer"))
        // A block that the frame does not have.
        val reader =
          new ImportClient(SparkRpc.ofThisApplication(), frame.endpoint, "driver", () => false)
        assert(errorOf(() => reader.fetch(7).toString).contains("did not answer"))
      } finally frame.close()
    } finally staging.close()
  }
}
