package org.rayonspark.data

import org.rayonspark.rendezvous.Transport
import org.rayonspark.rendezvous.RouteAddress

import scala.concurrent.Future

/** What the exchange of data sees of a cluster, in the driver. */
trait Staging {
  def clusterId: String

  /** The staging of the nodes that are alive now, the head's included. */
  def places: Vector[StagingPlace]

  /** The host of a Spark executor under Spark's name, if Spark tells. */
  def hostOf(executorId: String): Option[String]

  /** Whether Spark still runs tasks on that executor. */
  def isAlive(executorId: String): Boolean

  /**
   * Has an executor's keeper delete these files or directories from its staging. The result comes
   * when they are gone; it fails when the keeper is.
   */
  def discard(executorId: String, paths: Vector[String]): Future[Unit]

  /** Where other hosts reach that executor's staging. */
  def route(executorId: String): Future[RouteAddress]

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
