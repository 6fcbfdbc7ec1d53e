package org.rayonspark.conf

/**
 * Which ports Ray's nodes may take.
 *
 * @param pins
 *   ports with a number of their own, the same on every node that has them
 * @param range
 *   where all others are taken from; None means a free port of our choice
 * @param workers
 *   range for Ray's worker processes; None lets the system choose
 */
final case class PortPolicy(
    pins: Map[RayPort, Int],
    range: Option[Range],
    workers: Option[Range]
)
