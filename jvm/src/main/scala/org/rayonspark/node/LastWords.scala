package org.rayonspark.node

import scala.concurrent.duration._

/**
 * Says something when this JVM is told to end by a signal. Nobody waits long for it: YARN lets a
 * quarter of a second pass between SIGTERM and SIGKILL.
 */
private[node] final class LastWords private (hook: Thread) extends AutoCloseable {

  /** Takes them back, where the end has not begun. */
  override def close(): Unit =
    try {
      Runtime.getRuntime.removeShutdownHook(hook)
      ()
    } catch { case _: IllegalStateException => () }
}

private[node] object LastWords {

  /** The network's thread has to send what was said before the JVM is gone. */
  private val sending = 100.millis

  def apply(say: () => Unit): LastWords = {
    val hook = new Thread(
      () => {
        say()
        Thread.sleep(sending.toMillis)
      },
      "rayonspark-last-words"
    )
    Runtime.getRuntime.addShutdownHook(hook)
    new LastWords(hook)
  }
}
