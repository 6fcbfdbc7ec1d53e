package org.rayonspark.watch

import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.util.concurrent.atomic.AtomicInteger

class ClientsSuite extends AnyFunSuite with Eventually {
  override implicit val patienceConfig: PatienceConfig = PatienceConfig(Span(10, Seconds))
  private def waiting(clients: Clients): AtomicInteger = {
    val left = new AtomicInteger
    clients.whenLeft { () => left.incrementAndGet(); () }
    left
  }

  test("nobody has to leave where nobody came") {
    assert(waiting(new Clients).get == 1)
  }

  test("the one that waits is told when the last one leaves") {
    val clients = new Clients
    val child = new ProcessBuilder("sleep", "60").start()
    try {
      clients.attach(child.pid)
      val left = waiting(clients)
      assert(left.get == 0)
      clients.detach(child.pid)
      assert(left.get == 1)
    } finally child.destroyForcibly().waitFor()
  }

  test("a process that dies has left") {
    val clients = new Clients
    val child = new ProcessBuilder("sleep", "60").start()
    clients.attach(child.pid)
    val left = waiting(clients)
    assert(left.get == 0)
    child.destroyForcibly()
    eventually(assert(left.get == 1))
  }

  test("a process that is already dead has left") {
    val clients = new Clients
    val child = new ProcessBuilder("true").start()
    child.waitFor()
    clients.attach(child.pid)
    assert(waiting(clients).get == 1)
  }
}
