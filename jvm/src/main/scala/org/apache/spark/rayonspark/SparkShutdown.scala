package org.apache.spark.rayonspark

import org.apache.spark.util.ShutdownHookManager
import org.rayonspark.node.ShutdownHooks

/**
 * The shutdown hooks of Spark's JVMs. They run after a signal and when Spark ends the JVM, but not
 * after SIGKILL. They run one after another, within 30 s in all (spark.shutdown.timeout).
 */
object SparkShutdown extends ShutdownHooks {

  /**
   * Above the priorities of Spark's own hooks, at most 100: they delete the spill directories.
   */
  private val priority = 1000

  override def before(work: () => Unit): AutoCloseable =
    try {
      val hook = ShutdownHookManager.addShutdownHook(priority)(work)
      () => { ShutdownHookManager.removeShutdownHook(hook); () }
    } catch {
      // The JVM is already shutting down, and it is too late to wait for anything.
      case _: IllegalStateException => () => ()
    }
}
