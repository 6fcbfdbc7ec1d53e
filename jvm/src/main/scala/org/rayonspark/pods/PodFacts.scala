package org.rayonspark.pods

/**
 * What a pod of an executor, or of the driver, shows of itself.
 *
 * @param phase
 *   Kubernetes' word: "Pending", "Running", "Succeeded", "Failed" or "Unknown"
 * @param unschedulable
 *   why no host takes it
 * @param scalingUp
 *   whether an autoscaler has said that it brings a host for it
 * @param stuck
 *   why its container cannot start, Kubernetes' reason first
 * @param ended
 *   how its container ended, such as "exit code 1 (Error)"
 * @param events
 *   the newest last
 * @param lastWords
 *   the last lines of its log, once it has ended
 */
final case class PodFacts(
    name: String,
    phase: String,
    unschedulable: Option[String] = None,
    scalingUp: Boolean = false,
    stuck: Option[String] = None,
    ended: Option[String] = None,
    events: Vector[String] = Vector.empty,
    lastWords: Vector[String] = Vector.empty
)
