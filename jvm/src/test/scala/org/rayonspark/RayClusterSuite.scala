package org.rayonspark

import org.rayonspark.threads.Steps
import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.Files
import java.util.concurrent.{CompletableFuture, TimeUnit}
import scala.collection.JavaConverters._

class RayClusterSuite extends AnyFunSuite with LocalSpark {

  /** An interpreter that does not exist: the head exits before it is ready. */
  private val broken =
    RayClusterSpec.builder().python("/nonexistent/python").objectStoreMemory("75m").build()

  private def threads: Set[Thread] =
    Thread.getAllStackTraces.keySet.asScala.filter(_.getName.startsWith("rayonspark-")).toSet

  /** Polls `condition`, because ended threads may be visible for a moment. */
  private def eventually(condition: => Boolean): Boolean = {
    val deadline = RayClusterSuite.limit.fromNow
    while (!condition && deadline.hasTimeLeft()) Thread.sleep(RayClusterSuite.pollMs)
    condition
  }

  test("a failed start throws its cause and leaves no thread") {
    val before = threads
    intercept[NodeFailedException](RayCluster.start(spark, broken))
    assert(eventually((threads -- before).isEmpty), threads -- before)
  }

  test("an interrupted start stops its cluster") {
    // An interpreter that never says hello and exits on the first order.
    val silent = Files.createTempFile("silent", "")
    Files.writeString(silent, "#!/bin/sh\nread order\n")
    assert(silent.toFile.setExecutable(true))
    val spec =
      RayClusterSpec.builder().python(silent.toString).objectStoreMemory("75m").build()
    val before = threads
    val thrown = new CompletableFuture[Throwable]
    val context = spark
    val starter = new Thread(() => {
      try { RayCluster.start(context, spec); thrown.complete(null) }
      catch { case e: Throwable => thrown.complete(e) }
      ()
    })
    starter.start()
    def waits = starter.getStackTrace.exists(_.getMethodName == "awaitRunning")
    assert(eventually(waits && starter.getState == Thread.State.TIMED_WAITING))
    starter.interrupt()
    assert(thrown.get(60, TimeUnit.SECONDS).isInstanceOf[InterruptedException])
    assert(eventually((threads -- before).isEmpty), threads -- before)
    Files.delete(silent)
  }

  test("a failed cluster reports its failure, and a stopped one has none") {
    val cluster = RayCluster.begin(spark, broken, None)
    intercept[NodeFailedException](cluster.awaitRunning(RayClusterSuite.limit))
    val handle = new python.ClusterHandle(cluster)
    assert(handle.failure().contains("exited with code 127"))
    assert(cluster.failure.isPresent)
    val stopped = RayCluster.begin(spark, broken, None)
    stopped.stop()
    assert(stopped.state.isFinal)
  }

  test("each step of a shutdown runs even if others fail") {
    val done = Vector.newBuilder[Int]
    Steps.all("A test")(
      "one" -> (() => throw new NoClassDefFoundError("gone")),
      "two" -> (() => { done += 2; throw new IllegalStateException("no") }),
      "three" -> (() => done += 3)
    )
    assert(done.result() == Vector(2, 3))
  }
}

object RayClusterSuite {
  import scala.concurrent.duration._
  private val limit = 60.seconds
  private val pollMs = 20L
}
