package org.apache.spark.rayonspark

import org.apache.spark.util.ShutdownHookManager
import org.rayonspark.node.JvmEnd

/**
 * The end of a JVM of Spark's: by a signal, and when Spark lets it go. Not by SIGKILL. Spark's
 * hooks run one after the other, within 30 s in all (spark.shutdown.timeout).
 */
object SparkShutdown extends JvmEnd {

  /** Spark's own hooks, of 100 at most, delete the directories that a node spills to. */
  private val first = 1000

  override def before(work: () => Unit): AutoCloseable =
    try {
      val hook = ShutdownHookManager.addShutdownHook(first)(work)
      () => { ShutdownHookManager.removeShutdownHook(hook); () }
    } catch {
      // The JVM is ending: it is too late to wait for anything.
      case _: IllegalStateException => () => ()
    }
}
