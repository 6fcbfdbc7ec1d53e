package org.rayonspark.watch

import org.rayonspark.conf.PortPolicy
import org.rayonspark.plan.NodeRole
import org.rayonspark.rendezvous.Charter

/**
 * What every keeper of a cluster is told alike.
 *
 * @param driverCores
 *   task slots of the driver's own JVM: the head's cores in local mode, else 0
 * @param headPython
 *   the interpreter beside the driver; it may live elsewhere than the executors' one
 * @param environment
 *   the user's variables and the cluster's token; not printed
 */
final case class CharterTemplate(
    driverCores: Int,
    headPython: String,
    python: String,
    environment: Map[String, String],
    ports: PortPolicy,
    tempDirectory: String,
    logDirectory: Option[String]
) {
  def charter(member: Member, head: Option[String], cores: Int): Charter =
    Charter(
      incarnation = member.incarnation,
      role = member.role,
      cores = cores,
      python = if (member.role == NodeRole.Head) headPython else python,
      environment = environment,
      ports = ports,
      tempDirectory = tempDirectory,
      logDirectory = logDirectory,
      head = head
    )

  override def toString: String = s"CharterTemplate($headPython, $python)"
}
