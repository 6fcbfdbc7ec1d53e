package org.rayonspark.node

import org.rayonspark.rendezvous.Charter

import java.nio.file.{Path, Paths}

/** Below which a node's logs stay when it is gone: the one thing of it that does. */
object LogDirectory {

  def apply(charter: Charter, facts: ExecutorFacts): String =
    charter.logDirectory
      .map(Paths.get(_))
      .orElse(facts.logDirectory.map(Paths.get(_)))
      .getOrElse(ofDriver(sys.env))
      .toAbsolutePath
      .toString

  /** A driver has no log directory of its own: the user's state directory takes its place. */
  private[node] def ofDriver(environment: Map[String, String]): Path =
    environment
      .get("SPARK_LOG_DIR")
      .map(Paths.get(_))
      .getOrElse(
        environment
          .get("XDG_STATE_HOME")
          .filter(_.nonEmpty)
          .map(Paths.get(_))
          .getOrElse(Paths.get(sys.props("user.home"), ".local", "state"))
          .resolve("rayonspark")
      )
}
