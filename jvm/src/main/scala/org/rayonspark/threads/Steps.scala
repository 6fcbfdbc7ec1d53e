package org.rayonspark.threads

import org.apache.spark.internal.Logging

/** Runs the steps of a shutdown. Each step runs even if others fail. */
object Steps extends Logging {

  /** Runs each step in turn. Logs the error of a step that fails, with `of` and the step's name. */
  def all(of: String)(steps: (String, () => Unit)*): Unit =
    steps.foreach { case (name, step) =>
      try step()
      catch { case e: Throwable => logError(s"$of: $name failed. The next steps still run.", e) }
    }
}
