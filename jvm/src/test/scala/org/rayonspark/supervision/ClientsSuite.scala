package org.rayonspark.supervision

import org.scalatest.concurrent.Eventually
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Seconds, Span}

import java.lang.ref.WeakReference
import java.util.concurrent.atomic.AtomicInteger

class ClientsSuite extends AnyFunSuite with Eventually {
  override implicit val patienceConfig: PatienceConfig = PatienceConfig(Span(10, Seconds))

  /** Counts the calls of a callback that runs when all processes have detached. */
  private def detachedCalls(clients: Clients): AtomicInteger = {
    val calls = new AtomicInteger
    clients.whenAllDetached { () => calls.incrementAndGet(); () }
    calls
  }

  /** A separate method, so that no local variable of the test refers to the clients. */
  private def attachedAndClosed(pid: Long): WeakReference[Clients] = {
    val clients = new Clients
    clients.attach(pid)
    clients.close()
    new WeakReference(clients)
  }

  test("without attached processes the callback runs immediately") {
    assert(detachedCalls(new Clients).get == 1)
  }

  test("the callback runs when the last process detaches") {
    val clients = new Clients
    val child = new ProcessBuilder("sleep", "60").start()
    try {
      clients.attach(child.pid)
      val calls = detachedCalls(clients)
      assert(calls.get == 0)
      clients.detach(child.pid)
      assert(calls.get == 1)
    } finally child.destroyForcibly().waitFor()
  }

  test("a process that dies counts as detached") {
    val clients = new Clients
    val child = new ProcessBuilder("sleep", "60").start()
    clients.attach(child.pid)
    val calls = detachedCalls(clients)
    assert(calls.get == 0)
    child.destroyForcibly()
    eventually(assert(calls.get == 1))
  }

  test("a process that is still running does not keep closed clients in memory") {
    val child = new ProcessBuilder("sleep", "60").start()
    try {
      val closed = attachedAndClosed(child.pid)
      eventually {
        System.gc()
        assert(closed.get == null)
      }
    } finally child.destroyForcibly().waitFor()
  }

  test("a process that attaches twice needs to detach only once") {
    val clients = new Clients
    val child = new ProcessBuilder("sleep", "60").start()
    try {
      clients.attach(child.pid)
      clients.attach(child.pid)
      clients.detach(child.pid)
      assert(detachedCalls(clients).get == 1)
    } finally child.destroyForcibly().waitFor()
  }

  test("a process that is already dead counts as detached") {
    val clients = new Clients
    val child = new ProcessBuilder("true").start()
    child.waitFor()
    clients.attach(child.pid)
    assert(detachedCalls(clients).get == 1)
  }
}
