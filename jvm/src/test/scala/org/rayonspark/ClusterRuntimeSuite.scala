package org.rayonspark

import org.apache.logging.log4j.LogManager
import org.apache.logging.log4j.core.appender.AbstractAppender
import org.apache.logging.log4j.core.config.Property
import org.apache.logging.log4j.core.{LogEvent, Logger}
import org.scalatest.funsuite.AnyFunSuite

import java.lang.ref.WeakReference
import java.nio.file.{Files, Path}
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import scala.concurrent.duration._
import scala.collection.JavaConverters._
import scala.util.Using

class ClusterRuntimeSuite extends AnyFunSuite with LocalSpark {
  private val limit = 60.seconds
  private val pollMs = 20L

  private def eventually(condition: => Boolean): Boolean = {
    val deadline = limit.fromNow
    while (!condition && deadline.hasTimeLeft()) Thread.sleep(pollMs)
    condition
  }

  private def threads: Set[Thread] =
    Thread.getAllStackTraces.keySet.asScala.filter(_.getName.startsWith("rayonspark-")).toSet

  private def entries(directory: Path): Vector[Path] =
    Using.resource(Files.list(directory))(_.iterator.asScala.toVector)

  /** Returns the errors that are logged while `work` runs. */
  private def errorsDuring(work: => Unit): Vector[String] = {
    val errors = new ConcurrentLinkedQueue[String]
    val appender = new AbstractAppender("errors", null, null, true, Property.EMPTY_ARRAY) {
      override def append(event: LogEvent): Unit =
        if (event.getLevel == org.apache.logging.log4j.Level.ERROR) {
          errors.add(s"${event.getMessage.getFormattedMessage} ${event.getThrown}")
          ()
        }
    }
    appender.start()
    val root = LogManager.getRootLogger.asInstanceOf[Logger]
    root.addAppender(appender)
    try work
    finally {
      root.removeAppender(appender)
      appender.stop()
    }
    errors.asScala.toVector
  }

  /** Starts a cluster whose head process never says hello, and exits on the first order. */
  private def withCluster(work: (RayCluster, Path) => Unit): Unit = {
    val silent = Files.createTempFile("silent", "")
    val directory = Files.createTempDirectory("rd")
    Files.writeString(silent, "#!/bin/sh\nread order\n")
    assert(silent.toFile.setExecutable(true))
    val spec = RayClusterSpec
      .builder()
      .python(silent.toString)
      .objectStoreMemory("75m")
      .tempDir(directory.toString)
      .build()
    val cluster = RayCluster.begin(spark, spec, None)
    assert(eventually(entries(directory).nonEmpty))
    work(cluster, directory)
    Files.delete(silent)
    Files.delete(directory)
  }

  test("a stop whose actions throw logs the errors, returns, and leaves nothing") {
    val before = threads
    withCluster { (cluster, directory) =>
      val calls = new AtomicInteger
      // More failures than a stop has actions.
      val failures = Vector.tabulate(20)(i =>
        if (i % 2 == 0) new IllegalStateException(s"no ($i)")
        else new NoClassDefFoundError(s"gone ($i)")
      )
      failures.foreach(e => cluster.staging.whenEnding { () => calls.incrementAndGet(); throw e })
      val errors = errorsDuring(cluster.stop())
      assert(calls.get == failures.size)
      assert(failures.forall(e => errors.count(_.contains(e.toString)) == 1), errors)
      assert(cluster.state == RayClusterState.STOPPED)
      assert(eventually((threads -- before).isEmpty), threads -- before)
      assert(entries(directory).isEmpty)
    }
  }

  test("a cluster that has ended is garbage-collected") {
    // A separate method, so that no local variable of the test refers to the cluster.
    def ended(): WeakReference[AnyRef] = {
      var reference = Option.empty[WeakReference[AnyRef]]
      withCluster { (cluster, _) =>
        reference = Some(new WeakReference(cluster.staging))
        cluster.stop()
      }
      reference.get
    }
    val cluster = ended()
    assert(eventually { System.gc(); cluster.get == null })
  }
}
