package org.rayonspark.node

import org.rayonspark.threads.Daemon

import java.io.IOException
import java.nio.file.Path
import scala.concurrent.duration.FiniteDuration

/** A node whose guard could not even be started: no such interpreter, most often. It only exits. */
private[node] final class UnstartedProcess(
    error: IOException,
    directory: Path,
    onEvent: NodeEvent => Unit
) extends NodeProcess {
  // What a shell answers when there is no such command.
  private val notFound = 127

  // On a thread of its own like every event, so that the caller has its process before it exits.
  Daemon(s"rayonspark-node-${directory.getFileName}")(exit()).start()

  private def exit(): Unit = {
    val trouble =
      try {
        NodeDirs.delete(directory)
        None
      } catch { case e: IOException => Some(s"$directory could not be removed: $e") }
    onEvent(
      NodeEvent.Exited(NodeExit(notFound, asked = false, error.getMessage +: trouble.toVector))
    )
  }

  override def launch(launch: NodeLaunch): Unit = ()

  override def drain(limit: FiniteDuration): Unit = ()

  override def stop(grace: FiniteDuration): Unit = ()
}
