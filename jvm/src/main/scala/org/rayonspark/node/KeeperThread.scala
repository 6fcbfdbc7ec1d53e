package org.rayonspark.node

import org.rayonspark.threads.Daemon

import java.util.concurrent.{ExecutorService, Executors, RejectedExecutionException}

/** One named daemon thread that runs what is posted to it, in order. */
final class KeeperThread private (executor: ExecutorService) extends AutoCloseable {

  /** Runs `work` later; what is posted after the close is dropped. */
  def post(work: => Unit): Unit =
    try executor.execute(() => work)
    catch { case _: RejectedExecutionException => () }

  override def close(): Unit = executor.shutdown()
}

object KeeperThread {
  def apply(name: String): KeeperThread = new KeeperThread(
    Executors.newSingleThreadExecutor(Daemon.factory(name))
  )
}
