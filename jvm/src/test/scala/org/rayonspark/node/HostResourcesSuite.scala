package org.rayonspark.node

import org.scalatest.funsuite.AnyFunSuite

class HostResourcesSuite extends AnyFunSuite {

  test("without MemAvailable there is no number") {
    assert(HostResources.parseAvailable("").isEmpty)
    assert(HostResources.parseAvailable("MemTotal:  100 kB\n").isEmpty)
  }

  test("MemAvailable is read as kibibytes") {
    val text = "MemTotal:       24000000 kB\nMemFree:  1 kB\nMemAvailable:   23000000 kB\n"
    assert(HostResources.parseAvailable(text).contains(23000000L * 1024))
  }

  test("this host has memory, and this JVM a heap") {
    val offer = HostResources.memory(container = None)
    assert(offer.available > 0)
    assert(offer.heap > 0)
    assert(HostResources.sharedMemory().forall(_ >= 0))
  }
}
