package org.rayonspark.node

import java.io.IOException
import java.nio.file.{Files, Path, Paths}
import scala.jdk.CollectionConverters._
import scala.jdk.OptionConverters._

/**
 * What a Ray node holds of the container that it shares with a JVM. Bytes.
 *
 * @param limit
 *   of the container
 * @param resident
 *   of all the node's processes; what they share counts for each of them, as YARN counts by default
 * @param shared
 *   what of that is shared memory, such as the object store's
 */
final case class ContainerUse(limit: Long, resident: Long, shared: Long)

object ContainerUse {
  private val proc = Paths.get("/proc")
  private val line = """(VmRSS|RssShmem):\s+(\d+) kB""".r

  /**
   * Looks once; a process that ends meanwhile counts nothing.
   *
   * @param directory
   *   the node's own, which is an argument of its guard, a child of this JVM
   */
  def of(directory: Path, limit: Long): ContainerUse = {
    val guards = ProcessHandle.current.children.iterator.asScala.filter(isGuardOf(directory, _))
    val pids = guards.flatMap(g => Iterator(g) ++ g.descendants.iterator.asScala).map(_.pid)
    val held = pids.map(pid => parse(status(pid))).toVector
    ContainerUse(limit, held.map(_._1).sum, held.map(_._2).sum)
  }

  /** (resident, shared) bytes, of the text of a /proc/PID/status. */
  private[node] def parse(status: String): (Long, Long) = {
    val kib = status.linesIterator.collect { case line(name, n) => name -> n.toLong }.toMap
    (kib.getOrElse("VmRSS", 0L) * 1024, kib.getOrElse("RssShmem", 0L) * 1024)
  }

  private def isGuardOf(directory: Path, process: ProcessHandle): Boolean =
    process.info.arguments.toScala.exists(_.contains(directory.toString))

  private def status(pid: Long): String =
    try Files.readString(proc.resolve(pid.toString).resolve("status"))
    catch { case _: IOException => "" }
}
