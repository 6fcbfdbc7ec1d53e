package org.rayonspark.node

import org.rayonspark.threads.Daemon

import java.util.concurrent.{ExecutorService, Executors, RejectedExecutionException}

/** A named daemon thread that runs posted work in order. */
final class AgentThread private (executor: ExecutorService) extends AutoCloseable {

  /** Queues `work` and returns at once. Work posted after the close is dropped. */
  def post(work: => Unit): Unit =
    try executor.execute(() => work)
    catch { case _: RejectedExecutionException => () }

  override def close(): Unit = executor.shutdown()
}

object AgentThread {
  def apply(name: String): AgentThread = new AgentThread(
    Executors.newSingleThreadExecutor(Daemon.factory(name))
  )
}
