package org.rayonspark.node

import org.rayonspark.conf.PortPolicy
import org.rayonspark.rpc.StagingAddress

/** Gives other hosts access to a node's staging until it is closed. */
trait StagingAccess extends AutoCloseable {
  def address: StagingAddress

  override def close(): Unit
}

/** Opens a node's staging to other hosts. */
trait StagingAccessFactory {

  /**
   * @return
   *   an open server, or a sentence that says why there is none
   */
  def open(
      host: String,
      ports: PortPolicy,
      directory: StagingDirectory
  ): Either[String, StagingAccess]
}
