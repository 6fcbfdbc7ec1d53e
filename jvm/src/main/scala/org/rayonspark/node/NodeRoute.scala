package org.rayonspark.node

import org.rayonspark.conf.PortPolicy
import org.rayonspark.rendezvous.RouteAddress

/** A way for other hosts to the staging beside a node, until it is closed. */
trait NodeRoute extends AutoCloseable {
  def address: RouteAddress

  override def close(): Unit
}

/** Opens the way to a node's staging. */
trait NodeRouteFactory {

  /**
   * @return
   *   a route that is open, or a sentence that says why there is none
   */
  def open(
      host: String,
      ports: PortPolicy,
      directory: StagingDirectory
  ): Either[String, NodeRoute]
}
