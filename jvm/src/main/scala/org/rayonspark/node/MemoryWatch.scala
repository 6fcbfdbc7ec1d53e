package org.rayonspark.node

import org.rayonspark.threads.Repeated

import scala.concurrent.duration._

/**
 * Looks, on a thread of its own, for the first process that the kernel kills for want of memory in
 * this JVM's control group; what was killed before does not count.
 *
 * @param onKilled
 *   called once at most, with the group's limit in bytes
 */
private[node] final class MemoryWatch(
    name: String,
    group: CgroupMemory.Own,
    onKilled: Long => Unit
) extends AutoCloseable {
  private val before = group.kills()
  // Guarded by `this`.
  private var told = false
  private val looks = new Repeated(name, MemoryWatch.period)(look())

  /** Looks now: for whoever has just heard of a death. */
  def look(): Unit = synchronized {
    if (!told && group.kills() > before) {
      told = true
      onKilled(group.limit)
    }
  }

  override def close(): Unit = looks.close()
}

private object MemoryWatch {

  /** The kernel wakes those that poll(2) the counter's file, which no JVM can. */
  private val period = 1.second
}
