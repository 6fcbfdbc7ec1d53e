package org.rayonspark.plan

import org.rayonspark.plan.PlanError.PathTooLong

import java.nio.charset.StandardCharsets.UTF_8

/** The Unix sockets that Ray makes below a node's directory; a system takes short paths only. */
object SocketPath {

  // sun_path has 108 bytes on Linux, the last of them 0 (Ray's `validate_socket_filepath`).
  private val most: Int = 107

  // The session is named for the moment and for the head's process; this is as long as it gets.
  private val sockets: String = "/session_2026-11-23_14-24-03_123456_1234567/sockets/"
  private val longestOfNode: String = "plasma_store"
  private val longestOfDashboard: String = "dash_TaskEventsHead"

  def check(offer: Offer, withDashboard: Boolean): Either[PlanError, Unit] = {
    val longest = if (withDashboard) longestOfDashboard else longestOfNode
    val length = s"${offer.directory}$sockets$longest".getBytes(UTF_8).length
    val node = NodeIdentity.of(offer)
    Either.cond(length <= most, (), PathTooLong(node, offer.directory, length, most))
  }
}
