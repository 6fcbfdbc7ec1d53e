package org.rayonspark.data

import org.apache.spark.TaskKilledException
import org.rayonspark.rpc.{EndpointRef, FakeTransport, Wire}
import org.rayonspark.threads.Daemon
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Millis, Seconds, Span}

import scala.concurrent.{Future, Promise}

final class ExportClientSuite extends AnyFunSuite with Eventually {
  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(Span(20, Seconds), Span(5, Millis))

  private val reservation = Reservation("1", partition = 0, sequence = 0, attempt = 7, bytes = 100)

  @volatile private var killed = false

  /** Kills the task as Spark does. */
  private def kill(task: Thread): Unit = {
    killed = true
    task.interrupt()
  }

  /** Kills the task while its request is on the way, and sends `answer`, if any, once it waits. */
  private final class KillingDriver(answer: Option[ExportResponse]) extends FakeTransport {
    var requests = Vector.empty[ExportRequest]

    override def ask(peer: EndpointRef, request: Array[Byte]): Future[Array[Byte]] = {
      requests :+= Wire.decode[ExportRequest](request)
      val asker = Thread.currentThread
      kill(asker)
      val answered = Promise[Array[Byte]]()
      answer.foreach { response =>
        Daemon("driver") {
          // It waits for the answer, and polls its flag meanwhile.
          eventually(assert(asker.getState == Thread.State.TIMED_WAITING))
          answered.success(Wire.encode(response))
        }.start()
      }
      answered.future
    }
  }

  private def withClient(
      answer: Option[ExportResponse]
  )(test: (ExportClient, KillingDriver) => Unit): Unit = {
    killed = false
    val driver = new KillingDriver(answer)
    try test(new ExportClient(driver, "export", () => killed), driver)
    finally { Thread.interrupted(); () }
  }

  private def write(client: ExportClient): Boolean =
    client.written(reservation, "/dev/shm/block", rows = 1, bytes = 100, last = true)

  test("a task that is killed while it hands over a block learns whether the driver accepted it") {
    for (accepted <- Vector(true, false))
      withClient(Some(ExportResponse.Accepted(accepted))) { (client, _) =>
        assert(write(client) == accepted)
        assert(Thread.interrupted(), "the interruption must be restored")
      }
  }

  test("a task that was killed before does not hand over a block") {
    withClient(None) { (client, driver) =>
      kill(Thread.currentThread)
      intercept[TaskKilledException](write(client))
      assert(driver.requests.isEmpty)
    }
  }

  test("a task that is killed while it waits for room stops waiting") {
    withClient(None) { (client, driver) =>
      intercept[TaskKilledException](client.reserve(reservation))
      assert(driver.requests == Vector(ExportRequest.Reserve(reservation)))
    }
  }
}
