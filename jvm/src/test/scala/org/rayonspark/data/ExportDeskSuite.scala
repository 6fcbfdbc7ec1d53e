package org.rayonspark.data

import org.apache.spark.TaskKilledException
import org.rayonspark.rendezvous.{Mailbox, Peer, Transport, Wire}
import org.rayonspark.threads.Daemon
import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Millis, Seconds, Span}

import scala.concurrent.{Future, Promise}

final class ExportDeskSuite extends AnyFunSuite with Eventually {
  override implicit val patienceConfig: PatienceConfig =
    PatienceConfig(Span(20, Seconds), Span(5, Millis))

  private val claim = Claim("1", partition = 0, sequence = 0, attempt = 7, bytes = 100)

  @volatile private var killed = false

  /** As Spark does it. */
  private def kill(task: Thread): Unit = {
    killed = true
    task.interrupt()
  }

  /** Kills the task while its question is on the way, and answers, if it does, one who waits. */
  private final class KillingDriver(answer: Option[ExportAnswer]) extends Transport {
    var questions = Vector.empty[ExportQuestion]

    override def driver(name: String): Peer = new Peer {}

    override def ask(peer: Peer, question: Array[Byte]): Future[Array[Byte]] = {
      questions :+= Wire.decode[ExportQuestion](question)
      val asker = Thread.currentThread
      kill(asker)
      val answered = Promise[Array[Byte]]()
      answer.foreach { told =>
        Daemon("driver") {
          eventually(assert(asker.getState == Thread.State.WAITING))
          answered.success(Wire.encode(told))
        }.start()
      }
      answered.future
    }

    override def open(
        name: String,
        receive: (Array[Byte], Peer) => Unit,
        answer: (Array[Byte], Array[Byte] => Unit) => Unit
    ): Mailbox = throw new UnsupportedOperationException

    override def serve(
        name: String,
        answer: (Array[Byte], Array[Byte] => Unit) => Unit
    ): AutoCloseable = throw new UnsupportedOperationException
  }

  private def withDesk(
      answer: Option[ExportAnswer]
  )(test: (ExportDesk, KillingDriver) => Unit): Unit = {
    killed = false
    val driver = new KillingDriver(answer)
    try test(new ExportDesk(driver, "export", () => killed), driver)
    finally { Thread.interrupted(); () }
  }

  private def write(desk: ExportDesk): Boolean =
    desk.written(claim, "/dev/shm/block", rows = 1, bytes = 100, last = true)

  test("a task that is killed while it hands a block over hears whose the block is") {
    for (kept <- Vector(true, false))
      withDesk(Some(ExportAnswer.Kept(kept))) { (desk, _) =>
        assert(write(desk) == kept)
        assert(Thread.interrupted(), "and the interruption is kept")
      }
  }

  test("a task that was killed before hands nothing over") {
    withDesk(None) { (desk, driver) =>
      kill(Thread.currentThread)
      intercept[TaskKilledException](write(desk))
      assert(driver.questions.isEmpty)
    }
  }

  test("a task that is killed while it waits for room waits no longer") {
    withDesk(None) { (desk, driver) =>
      intercept[TaskKilledException](desk.reserve(claim))
      assert(driver.questions == Vector(ExportQuestion.Reserve(claim)))
    }
  }
}
