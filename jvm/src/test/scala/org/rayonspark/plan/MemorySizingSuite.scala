package org.rayonspark.plan

import org.rayonspark.plan.Offers.{gibi, mebi}
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class MemorySizingSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val nothing: MemorySizing.Requested =
    MemorySizing.Requested(None, None, None, onDisk = false)

  private def offer(
      limit: Option[Long],
      available: Long,
      heap: Long,
      shm: Option[Long]
  ): ResourceOffer =
    Offers
      .executor("1", "b", 20000)
      .copy(memory = MemoryOffer(limit, available, heap), sharedMemory = shm)

  /** 1 GiB for Ray, out of a container of 2 GiB and 384 MiB, and 8 GiB of /dev/shm. */
  private val small: ResourceOffer =
    offer(Some(2 * gibi + 384 * mebi), 64 * gibi, gibi, Some(8 * gibi))

  private def rejection(
      offer: ResourceOffer,
      nodesOnHost: Int,
      requested: MemorySizing.Requested
  ): String =
    MemorySizing.of(offer, nodesOnHost, requested).fold(_.message, sizing => fail(s"$sizing"))

  test("the share is the smaller of the limit and the part of the host, minus heap and overhead") {
    val shares = Table(
      ("limit", "available", "nodes", "share"),
      (Some(3 * gibi), 64 * gibi, 1, 3 * gibi - gibi - 384 * mebi),
      (Some(3 * gibi), 64 * gibi, 4, 3 * gibi - gibi - 384 * mebi),
      (Some(32 * gibi), 16 * gibi, 4, 4 * gibi - gibi - 384 * mebi),
      (None, 16 * gibi, 1, 16 * gibi - gibi - 384 * mebi),
      (None, 16 * gibi, 4, 4 * gibi - gibi - 384 * mebi),
      (None, gibi, 1, 0L)
    )
    forAll(shares) { (limit, available, nodes, share) =>
      assert(MemoryShare.of(MemoryOffer(limit, available, gibi), nodes).bytes == share)
    }
  }

  test("by default the object store gets 30% of the share, and workers get the rest") {
    val store = gibi * 30 / 100
    assert(
      MemorySizing.of(small, 1, nothing) == Right(MemorySizing(gibi - store, store, store / 4))
    )
  }

  test("by default the object store fits into the node's part of the free /dev/shm") {
    val offer = small.copy(sharedMemory = Some(400 * mebi))
    val store = 200 * mebi * 95 / 100
    assert(
      MemorySizing.of(offer, 2, nothing) == Right(MemorySizing(gibi - store, store, store / 4))
    )
  }

  test("/dev/shm is ignored if the host has none, or if the user sets another directory") {
    val expected = MemorySizing.of(small, 1, nothing)
    assert(MemorySizing.of(small.copy(sharedMemory = None), 1, nothing) == expected)
    val tiny = small.copy(sharedMemory = Some(mebi))
    assert(MemorySizing.of(tiny, 1, nothing.copy(onDisk = true)) == expected)
  }

  test("a node gets the requested sizes if they fit") {
    val requested = nothing.copy(memory = Some(300 * mebi), objectStoreMemory = Some(500 * mebi))
    assert(
      MemorySizing.of(small, 1, requested) == Right(
        MemorySizing(300 * mebi, 500 * mebi, 125 * mebi)
      )
    )
    val store = nothing.copy(objectStoreMemory = Some(500 * mebi))
    assert(
      MemorySizing.of(small, 1, store) == Right(MemorySizing(524 * mebi, 500 * mebi, 125 * mebi))
    )
    val memory = nothing.copy(memory = Some(300 * mebi))
    assert(MemorySizing.of(small, 1, memory).map(_.memory) == Right(300 * mebi))
  }

  test("the head uses its own default sizes if the requested ones do not fit") {
    val requested = nothing.copy(memory = Some(40 * gibi), objectStoreMemory = Some(20 * gibi))
    assert(MemorySizing.ofHead(small, 1, requested) == MemorySizing.of(small, 1, nothing))
    val fitting = nothing.copy(memory = Some(40 * gibi), objectStoreMemory = Some(500 * mebi))
    assert(
      MemorySizing.ofHead(small, 1, fitting) == Right(
        MemorySizing(524 * mebi, 500 * mebi, 125 * mebi)
      )
    )
  }

  test("too little memory is an error with its numbers") {
    val container = offer(Some(gibi + 384 * mebi), 64 * gibi, gibi, None)
    assert(
      rejection(container, 1, nothing) ==
        """Executor 1 on host "b" has 0 bytes of memory for Ray (its limit of 1.37 GiB minus """ +
        "1 GiB of JVM heap and 384 MiB for the rest of the JVM), and Ray needs at least 250 MiB. " +
        "Raise spark.executor.memoryOverhead, or lower spark.executor.memory."
    )
    val crowded = offer(None, 6 * gibi, gibi, None)
    assert(
      rejection(crowded, 4, nothing) ==
        """Executor 1 on host "b" has 128 MiB of memory for Ray (6 GiB available on the host """ +
        "among 4 nodes, 1.5 GiB each, minus 1 GiB of JVM heap and 384 MiB for the rest of the " +
        "JVM), and Ray needs at least 250 MiB. Lower spark.executor.memory, or use fewer " +
        "executors on the host."
    )
    val driver = offer(None, gibi, gibi, None).copy(executorId = "driver")
    assert(
      rejection(driver, 1, nothing) ==
        """The driver on host "b" has 0 bytes of memory for Ray (1 GiB available on the host, """ +
        "minus 1 GiB of JVM heap and 384 MiB for the rest of the JVM), and Ray needs at least " +
        "250 MiB. Lower spark.driver.memory, or use a host with more memory."
    )
  }

  test("an object store larger than the share is an error with its numbers") {
    assert(
      rejection(small, 1, nothing.copy(objectStoreMemory = Some(2 * gibi))) ==
        """The object store of 2 GiB does not fit: executor 1 on host "b" has 1 GiB of memory """ +
        "for Ray (its limit of 2.37 GiB minus 1 GiB of JVM heap and 384 MiB for the rest of the " +
        "JVM). Lower object_store_memory (spark.rayonspark.objectStoreMemory), or raise " +
        "spark.executor.memoryOverhead, or lower spark.executor.memory."
    )
  }

  test("an object store larger than the free /dev/shm is an error with its numbers") {
    val offer = small.copy(sharedMemory = Some(800 * mebi))
    assert(
      rejection(offer, 2, nothing.copy(objectStoreMemory = Some(500 * mebi))) ==
        """The object store of 500 MiB does not fit: the /dev/shm of executor 1 on host "b" """ +
        "has 800 MiB free for 2 Ray nodes. Lower object_store_memory " +
        "(spark.rayonspark.objectStoreMemory), or give the host a larger /dev/shm."
    )
  }

  test("a /dev/shm too small for any object store is an error that says what to do") {
    assert(
      rejection(small.copy(sharedMemory = Some(64 * mebi)), 1, nothing) ==
        """The /dev/shm of executor 1 on host "b" has 64 MiB free for 1 Ray node, and each """ +
        "object store needs at least 75 MiB. Give the host a larger /dev/shm (on Kubernetes, " +
        "mount an emptyDir of medium Memory there), or set a directory on disk with " +
        "--plasma-directory in worker_args and head_args."
    )
  }

  test("staging gets a quarter of the object store, or the requested size") {
    val asked = nothing.copy(stagingMemory = Some(10 * mebi))
    assert(MemorySizing.of(small, 1, asked).map(_.stagingMemory) == Right(10 * mebi))
    assert(
      rejection(small, 1, nothing.copy(stagingMemory = Some(2 * gibi))) ==
        """Staging memory of 2 GiB does not fit: executor 1 on host "b" has 1 GiB of memory """ +
        "for Ray (its limit of 2.37 GiB minus 1 GiB of JVM heap and 384 MiB for the rest of the " +
        "JVM). Lower staging_memory (spark.rayonspark.stagingMemory), or raise " +
        "spark.executor.memoryOverhead, or lower spark.executor.memory."
    )
  }

  test("memory that does not fit next to the object store is an error with its numbers") {
    val requested = nothing.copy(memory = Some(800 * mebi), objectStoreMemory = Some(500 * mebi))
    assert(
      rejection(small, 1, requested) ==
        "Worker memory of 800 MiB does not fit next to an object store of 500 MiB: executor 1 on " +
        """host "b" has 1 GiB of memory for Ray (its limit of 2.37 GiB minus 1 GiB of JVM heap """ +
        "and 384 MiB for the rest of the JVM). Lower memory (spark.rayonspark.memory) or " +
        "object_store_memory, or raise spark.executor.memoryOverhead, or lower " +
        "spark.executor.memory."
    )
  }
}
