package org.rayonspark.threads

import java.util.concurrent.ThreadFactory

/** Threads of ours: each has a name that tells whose it is, and none keeps its JVM alive. */
object Daemon {

  /** A thread that is still to be started. */
  def apply(name: String)(work: => Unit): Thread = factory(name).newThread(() => work)

  /** For executors. */
  def factory(name: String): ThreadFactory = { work =>
    val thread = new Thread(work, name)
    thread.setDaemon(true)
    thread
  }
}
