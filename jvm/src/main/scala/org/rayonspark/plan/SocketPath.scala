package org.rayonspark.plan

import org.rayonspark.plan.PlanError.PathTooLong

import java.nio.charset.StandardCharsets.UTF_8

/** Checks the paths of Ray's Unix sockets below its temp directory: the system limits them. */
object SocketPath {

  // sun_path has 108 bytes on Linux, the last of them 0 (Ray's `validate_socket_filepath`).
  private val most: Int = 107

  // Ray names the session after the time and the head's process id; this is the longest name.
  private val sockets: String = "/session_2026-11-23_14-24-03_123456_1234567/sockets/"
  private val longestOfNode: String = "plasma_store"
  private val longestOfDashboard: String = "dash_TaskEventsHead"

  def check(offer: ResourceOffer, withDashboard: Boolean): Either[PlanError, Unit] = {
    val longest = if (withDashboard) longestOfDashboard else longestOfNode
    val length = s"${RayDirectory.of(offer.directory)}$sockets$longest".getBytes(UTF_8).length
    val node = NodeIdentity.of(offer)
    Either.cond(length <= most, (), PathTooLong(node, offer.directory, length, most))
  }
}
