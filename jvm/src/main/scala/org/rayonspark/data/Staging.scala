package org.rayonspark.data

import org.rayonspark.rpc.Transport
import org.rayonspark.rpc.StagingAddress

import scala.concurrent.Future

/** What the data exchange needs of a cluster, on the driver. */
trait Staging {
  def clusterId: String

  /** Returns the staging locations of the nodes that are alive now, the head's included. */
  def locations: Vector[StagingLocation]

  /** Returns the host of an executor under the name that Spark uses, if Spark knows it. */
  def hostOf(executorId: String): Option[String]

  /** Whether Spark still runs tasks on that executor. */
  def isAlive(executorId: String): Boolean

  /**
   * Asks an executor's node agent to delete these files or directories from its staging. The result
   * completes once they are deleted; it fails if the agent is gone.
   */
  def discard(executorId: String, paths: Vector[String]): Future[Unit]

  /** Returns the address of that executor's staging server, for other hosts. */
  def stagingAddress(executorId: String): Future[StagingAddress]

  def transport: Transport

  /** The memory of all staging locations. */
  def pool: StagingPool

  /** Throws [[org.rayonspark.ClusterStoppedException]] unless the cluster runs. */
  def require(): Unit

  /**
   * Calls `close` once, on one of the cluster's threads, when the cluster begins to end. It must
   * not block. Close the result to withdraw it.
   */
  def whenEnding(close: () => Unit): AutoCloseable
}
