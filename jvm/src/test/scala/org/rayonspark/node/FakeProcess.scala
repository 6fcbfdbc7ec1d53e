package org.rayonspark.node

import java.nio.file.Path
import scala.concurrent.duration.FiniteDuration

/** A node without a process. It ends when it is told to, and deletes its directory. */
class FakeProcess(directory: Path, onEvent: NodeEvent => Unit) extends NodeProcess {
  override def launch(launch: NodeLaunch): Unit = ()
  override def drain(limit: FiniteDuration): Unit = stop(limit)

  override def stop(grace: FiniteDuration): Unit = {
    NodeDirs.delete(directory)
    onEvent(NodeEvent.Exited(NodeExit(0, asked = true, Vector.empty)))
  }
}
