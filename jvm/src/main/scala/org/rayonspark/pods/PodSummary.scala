package org.rayonspark.pods

/**
 * What Kubernetes shows of the pod of an executor or of the driver.
 *
 * @param phase
 *   as Kubernetes calls it: "Pending", "Running", "Succeeded", "Failed" or "Unknown"
 * @param unschedulable
 *   why no host accepts it
 * @param scalingUp
 *   whether an autoscaler has announced a host for it
 * @param stuck
 *   why its container cannot start, beginning with Kubernetes' reason
 * @param ended
 *   how its container ended, such as "exit code 1 (Error)"
 * @param events
 *   its newest warnings, the newest last
 * @param logTail
 *   the last lines of its log, once it has ended
 */
final case class PodSummary(
    name: String,
    phase: String,
    unschedulable: Option[String] = None,
    scalingUp: Boolean = false,
    stuck: Option[String] = None,
    ended: Option[String] = None,
    events: Vector[String] = Vector.empty,
    logTail: Vector[String] = Vector.empty
)
