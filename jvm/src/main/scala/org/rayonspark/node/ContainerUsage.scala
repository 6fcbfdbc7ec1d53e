package org.rayonspark.node

import java.io.IOException
import java.nio.file.{Files, Path, Paths}
import scala.collection.JavaConverters._

/**
 * How much memory a Ray node uses in the container that it shares with a JVM. All values are in
 * bytes.
 *
 * @param limit
 *   the container's memory limit
 * @param resident
 *   resident memory of all the node's processes. A page that several processes share counts for
 *   each of them, as YARN counts by default
 * @param shared
 *   the part of `resident` that is shared memory, such as the object store
 */
final case class ContainerUsage(limit: Long, resident: Long, shared: Long)

object ContainerUsage {
  private val proc = Paths.get("/proc")
  private val line = """(VmRSS|RssShmem):\s+(\d+) kB""".r

  /**
   * Measures once. A process that ends meanwhile counts as zero.
   *
   * @param directory
   *   the node's own directory. It identifies the node's guard, a child of this JVM that has the
   *   directory as an argument
   */
  def of(directory: Path, limit: Long): ContainerUsage = {
    val guards = ProcessHandle.current.children.iterator.asScala.filter(isGuardOf(directory, _))
    val pids = guards.flatMap(g => Iterator(g) ++ g.descendants.iterator.asScala).map(_.pid)
    val measured = pids.map(pid => parse(status(pid))).toVector
    ContainerUsage(limit, measured.map(_._1).sum, measured.map(_._2).sum)
  }

  /** Parses (resident, shared) bytes from the text of a /proc/PID/status file. */
  private[node] def parse(status: String): (Long, Long) = {
    val kib = status.linesIterator.collect { case line(name, n) => name -> n.toLong }.toMap
    (kib.getOrElse("VmRSS", 0L) * 1024, kib.getOrElse("RssShmem", 0L) * 1024)
  }

  private def isGuardOf(directory: Path, process: ProcessHandle): Boolean =
    process.info.arguments.orElse(Array.empty).contains(directory.toString)

  private def status(pid: Long): String =
    try Files.readString(proc.resolve(pid.toString).resolve("status"))
    catch { case _: IOException => "" }
}
