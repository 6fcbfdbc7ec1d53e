package org.rayonspark.plan

import org.rayonspark.plan.Offers.{gibi, mebi}
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class SizingSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val nothing: Sizing.Wishes = Sizing.Wishes(None, None, None, onDisk = false)

  private def offer(limit: Option[Long], available: Long, heap: Long, shm: Option[Long]): Offer =
    Offers
      .executor("1", "b", 20000)
      .copy(memory = MemoryOffer(limit, available, heap), sharedMemory = shm)

  /** 1 GiB for Ray, out of a container of 2 GiB and 384 MiB, and 8 GiB of /dev/shm. */
  private val small: Offer =
    offer(Some(2 * gibi + 384 * mebi), 64 * gibi, gibi, Some(8 * gibi))

  private def refusal(offer: Offer, nodesOnHost: Int, wishes: Sizing.Wishes): String =
    Sizing.of(offer, nodesOnHost, wishes).fold(_.message, sizing => fail(s"$sizing"))

  test("the share is the least of limit and part of the host, without heap and overhead") {
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

  test("by default the object store has 30% of the share, and workers the rest") {
    val store = gibi * 30 / 100
    assert(Sizing.of(small, 1, nothing) == Right(Sizing(gibi - store, store, store / 4)))
  }

  test("by default the object store fits into the node's part of the free /dev/shm") {
    val offer = small.copy(sharedMemory = Some(400 * mebi))
    val store = 200 * mebi * 95 / 100
    assert(Sizing.of(offer, 2, nothing) == Right(Sizing(gibi - store, store, store / 4)))
  }

  test("where there is no /dev/shm, or the user names another directory, it counts for nothing") {
    val expected = Sizing.of(small, 1, nothing)
    assert(Sizing.of(small.copy(sharedMemory = None), 1, nothing) == expected)
    val tiny = small.copy(sharedMemory = Some(mebi))
    assert(Sizing.of(tiny, 1, nothing.copy(onDisk = true)) == expected)
  }

  test("what is asked for is what a node gets, where it fits") {
    val wishes = nothing.copy(memory = Some(300 * mebi), objectStoreMemory = Some(500 * mebi))
    assert(Sizing.of(small, 1, wishes) == Right(Sizing(300 * mebi, 500 * mebi, 125 * mebi)))
    val store = nothing.copy(objectStoreMemory = Some(500 * mebi))
    assert(Sizing.of(small, 1, store) == Right(Sizing(524 * mebi, 500 * mebi, 125 * mebi)))
    val memory = nothing.copy(memory = Some(300 * mebi))
    assert(Sizing.of(small, 1, memory).map(_.memory) == Right(300 * mebi))
  }

  test("the head takes its own proportion where it cannot hold what the other nodes shall have") {
    val wishes = nothing.copy(memory = Some(40 * gibi), objectStoreMemory = Some(20 * gibi))
    assert(Sizing.ofHead(small, 1, wishes) == Sizing.of(small, 1, nothing))
    val fitting = nothing.copy(memory = Some(40 * gibi), objectStoreMemory = Some(500 * mebi))
    assert(Sizing.ofHead(small, 1, fitting) == Right(Sizing(524 * mebi, 500 * mebi, 125 * mebi)))
  }

  test("too little memory is an error with its numbers") {
    val container = offer(Some(gibi + 384 * mebi), 64 * gibi, gibi, None)
    assert(
      refusal(container, 1, nothing) ==
        """Executor 1 on host "b" has 0 bytes of memory for Ray (its limit of 1.37 GiB less 1 GiB of """ +
        "JVM heap and 384 MiB for the rest of the JVM), and Ray needs at least 250 MiB. " +
        "Raise spark.executor.memoryOverhead, or lower spark.executor.memory."
    )
    val crowded = offer(None, 6 * gibi, gibi, None)
    assert(
      refusal(crowded, 4, nothing) ==
        """Executor 1 on host "b" has 128 MiB of memory for Ray (6 GiB available on the host among """ +
        "4 nodes, 1.5 GiB each, less 1 GiB of JVM heap and 384 MiB for the rest of the JVM), and " +
        "Ray needs at least 250 MiB. Lower spark.executor.memory, or use fewer executors on the host."
    )
    val driver = offer(None, gibi, gibi, None).copy(executorId = "driver")
    assert(
      refusal(driver, 1, nothing) ==
        """The driver on host "b" has 0 bytes of memory for Ray (1 GiB available on the host, less """ +
        "1 GiB of JVM heap and 384 MiB for the rest of the JVM), and Ray needs at least 250 MiB. " +
        "Lower spark.driver.memory, or use a host with more memory."
    )
  }

  test("an object store larger than the share is an error with its numbers") {
    assert(
      refusal(small, 1, nothing.copy(objectStoreMemory = Some(2 * gibi))) ==
        """The object store of 2 GiB does not fit: executor 1 on host "b" has 1 GiB of memory for """ +
        "Ray (its limit of 2.37 GiB less 1 GiB of JVM heap and 384 MiB for the rest of the JVM). " +
        "Lower object_store_memory (spark.rayonspark.objectStoreMemory), or raise " +
        "spark.executor.memoryOverhead, or lower spark.executor.memory."
    )
  }

  test("an object store larger than the free /dev/shm is an error with its numbers") {
    val offer = small.copy(sharedMemory = Some(800 * mebi))
    assert(
      refusal(offer, 2, nothing.copy(objectStoreMemory = Some(500 * mebi))) ==
        """The object store of 500 MiB does not fit: the /dev/shm of executor 1 on host "b" has """ +
        "800 MiB free for 2 Ray nodes. Lower object_store_memory " +
        "(spark.rayonspark.objectStoreMemory), or give the host a larger /dev/shm."
    )
  }

  test("a /dev/shm that holds no object store is an error that says what to do") {
    assert(
      refusal(small.copy(sharedMemory = Some(64 * mebi)), 1, nothing) ==
        """The /dev/shm of executor 1 on host "b" has 64 MiB free for 1 Ray node, and each object """ +
        "store needs at least 75 MiB. Give the host a larger /dev/shm (Kubernetes: mount an " +
        "emptyDir of medium Memory there), or name a directory on disk with --plasma-directory in " +
        "worker_args and head_args."
    )
  }

  test("staging has a quarter of the object store, or what is asked for") {
    val asked = nothing.copy(stagingMemory = Some(10 * mebi))
    assert(Sizing.of(small, 1, asked).map(_.stagingMemory) == Right(10 * mebi))
    assert(
      refusal(small, 1, nothing.copy(stagingMemory = Some(2 * gibi))) ==
        """Staging memory of 2 GiB does not fit: executor 1 on host "b" has 1 GiB of memory for """ +
        "Ray (its limit of 2.37 GiB less 1 GiB of JVM heap and 384 MiB for the rest of the JVM). " +
        "Lower staging_memory (spark.rayonspark.stagingMemory), or raise " +
        "spark.executor.memoryOverhead, or lower spark.executor.memory."
    )
  }

  test("memory that does not fit beside the object store is an error with its numbers") {
    val wishes = nothing.copy(memory = Some(800 * mebi), objectStoreMemory = Some(500 * mebi))
    assert(
      refusal(small, 1, wishes) ==
        "Workers' memory of 800 MiB does not fit beside an object store of 500 MiB: executor 1 on " +
        """host "b" has 1 GiB of memory for Ray (its limit of 2.37 GiB less 1 GiB of JVM heap and """ +
        "384 MiB for the rest of the JVM). Lower memory (spark.rayonspark.memory) or " +
        "object_store_memory, or raise spark.executor.memoryOverhead, or lower " +
        "spark.executor.memory."
    )
  }
}
