package org.rayonspark.node

import org.rayonspark.threads.Repeated

import scala.concurrent.duration._

/**
 * Reports, from its own thread, the first process that the kernel kills for lack of memory in this
 * JVM's control group. Processes killed before its creation do not count.
 *
 * @param onKilled
 *   called at most once, with the group's limit in bytes
 */
private[node] final class OomMonitor(
    name: String,
    group: CgroupMemory.OwnGroup,
    onKilled: Long => Unit
) extends AutoCloseable {
  private val before = group.kills()
  // Guarded by `this`.
  private var reported = false
  private val checks = new Repeated(name, OomMonitor.period)(check())

  /** Checks at once, for a caller that has just learned of a process's end. */
  def check(): Unit = synchronized {
    if (!reported && group.kills() > before) {
      reported = true
      onKilled(group.limit)
    }
  }

  override def close(): Unit = checks.close()
}

private object OomMonitor {

  /** The kernel would wake a poll(2) on the counter's file, but a JVM cannot call it. */
  private val period = 1.second
}
