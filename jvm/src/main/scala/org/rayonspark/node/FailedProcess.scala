package org.rayonspark.node

import org.rayonspark.threads.Daemon

import java.io.IOException
import java.nio.file.Path
import scala.concurrent.duration.FiniteDuration

/** A node whose guard could not be started, usually for lack of the interpreter. It only exits. */
private[node] final class FailedProcess(
    error: IOException,
    directory: Path,
    onEvent: NodeEvent => Unit
) extends NodeProcess {
  // The exit code of a shell for a command that does not exist.
  private val notFound = 127

  // Exits on another thread, as for every event, so that the caller has the process by then.
  Daemon(s"rayonspark-node-${directory.getFileName}")(exit()).start()

  private def exit(): Unit = {
    val problem =
      try {
        NodeDirs.delete(directory)
        None
      } catch { case e: IOException => Some(s"Could not remove $directory: $e") }
    onEvent(
      NodeEvent.Exited(NodeExit(notFound, asked = false, error.getMessage +: problem.toVector))
    )
  }

  override def launch(launch: NodeLaunch): Unit = ()

  override def drain(limit: FiniteDuration): Unit = ()

  override def stop(grace: FiniteDuration): Unit = ()
}
