package org.rayonspark.node

import org.rayonspark.rpc.LaunchContext

import java.nio.file.{Files, Path, Paths}

/** Chooses the directory for a node's logs, the only files that remain when the node is gone. */
object LogDirectory {

  def apply(context: LaunchContext, executor: ExecutorInfo): String =
    context.logDirectory
      .map(Paths.get(_))
      .orElse(executor.logDirectory.map(Paths.get(_)))
      .getOrElse(ofDriver(sys.env, sys.props("user.home")))
      .toAbsolutePath
      .toString

  /**
   * SPARK_LOG_DIR, or else the user's state directory: a driver has no log directory of its own. A
   * user who cannot write to the home directory gets a new temporary directory.
   */
  private[node] def ofDriver(environment: Map[String, String], home: String): Path = {
    val state = environment.get("XDG_STATE_HOME").filter(_.nonEmpty).map(Paths.get(_))
    environment
      .get("SPARK_LOG_DIR")
      .map(Paths.get(_))
      .orElse(state.map(_.resolve("rayonspark")))
      .getOrElse {
        val ofHome = Paths.get(home, ".local", "state", "rayonspark").toAbsolutePath
        if (canBeCreated(ofHome)) ofHome else Files.createTempDirectory("rayonspark-logs")
      }
  }

  private def canBeCreated(directory: Path): Boolean =
    Iterator
      .iterate(directory)(_.getParent)
      .takeWhile(_ != null)
      .find(Files.exists(_))
      .exists(parent => Files.isDirectory(parent) && Files.isWritable(parent))
}
