package org.rayonspark.threads

import org.apache.spark.internal.Logging

import java.util.concurrent.ThreadFactory

/**
 * Creates RayOnSpark's threads. Each has a name that identifies its owner. None keeps its JVM
 * alive, and none ends it: an uncaught error is logged here, because Spark's handler would exit an
 * executor's JVM.
 */
object Daemon extends Logging {

  /** Returns a thread that has not been started. */
  def apply(name: String)(work: => Unit): Thread = factory(name).newThread(() => work)

  /** Returns a factory for the threads of a `java.util.concurrent` executor. */
  def factory(name: String): ThreadFactory = { work =>
    val thread = new Thread(work, name)
    thread.setDaemon(true)
    thread.setUncaughtExceptionHandler((_, error) => logError(s"Thread $name failed.", error))
    thread
  }
}
