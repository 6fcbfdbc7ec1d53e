package org.rayonspark.data

import org.rayonspark.rendezvous.Transport

/** What the exchange of data sees of a cluster, in the driver. */
trait Staging {
  def clusterId: String

  /** The staging of the nodes that are alive now, the head's included. */
  def places: Vector[StagingPlace]

  /** Has an executor's keeper delete these files or directories from its staging. */
  def discard(executorId: String, paths: Vector[String]): Unit

  def transport: Transport

  /** The bytes of all places. */
  def room: StagingRoom

  /** Throws [[org.rayonspark.ClusterStoppedException]] unless the cluster runs. */
  def require(): Unit

  /**
   * Has `close` called once, on a thread of the cluster's, when the cluster begins to end; closing
   * the result takes that back. It must not block.
   */
  def whenEnding(close: () => Unit): AutoCloseable
}
