package org.rayonspark.node

import java.io.IOException
import java.nio.file.{Files, Path, Paths}
import scala.util.Try

/**
 * The memory that the kernel allows this process: the smallest limit of its own control group and
 * of all groups above it. Knows version 1, version 2, and hosts that mount both.
 */
private[node] object CgroupMemory {

  /** One mounted hierarchy: `root` is the group that is visible at `mountPoint`. */
  final case class Hierarchy(mountPoint: String, root: String, group: String, file: String) {

    /** The file beside the own group's limit that counts what the kernel killed. */
    def killsFile: Path =
      files.head.resolveSibling(if (file == limitFile2) "memory.events" else "memory.oom_control")

    /** Limit files from the process' own group up to the mount point. */
    def files: Vector[Path] = {
      val top = Paths.get(mountPoint)
      // Inside a container the group's path is often the host's, and the mount its own group only.
      val below =
        if (root == "/") group
        else if (group == root || group.startsWith(root + "/")) group.drop(root.length)
        else "/"
      val own = top.resolve(below.dropWhile(_ == '/')).normalize
      if (!own.startsWith(top)) Vector(top.resolve(file))
      else
        Iterator
          .iterate(own)(_.getParent)
          .takeWhile(_.startsWith(top))
          .map(_.resolve(file))
          .toVector
    }
  }

  private val limitFile2 = "memory.max"

  /** Bytes; None where nothing limits this process, or where there are no control groups. */
  def limit(): Option[Long] =
    mounted().flatMap(_.files).flatMap(read).flatMap(parseLimit).minOption

  /**
   * The own control group, where it has a limit of its own: what is killed in it then has outgrown
   * that limit, and not the host.
   */
  def own(): Option[Own] = {
    for {
      hierarchy <- mounted()
      limit <- read(hierarchy.files.head).flatMap(parseLimit)
      if read(hierarchy.killsFile).flatMap(parseKills).isDefined
    } yield Own(limit, hierarchy.killsFile)
  }.minByOption(_.limit)

  /** @param limit bytes */
  final case class Own(limit: Long, killsFile: Path) {

    /** How many processes the kernel has killed in it for want of memory. */
    def kills(): Long = read(killsFile).flatMap(parseKills).getOrElse(0L)
  }

  private def mounted(): Vector[Hierarchy] = {
    val proc = Paths.get("/proc/self")
    val found = for {
      groups <- read(proc.resolve("cgroup"))
      mounts <- read(proc.resolve("mountinfo"))
    } yield hierarchies(groups, mounts)
    found.getOrElse(Vector.empty)
  }

  /**
   * @param groups
   *   /proc/self/cgroup
   * @param mounts
   *   /proc/self/mountinfo
   */
  def hierarchies(groups: String, mounts: String): Vector[Hierarchy] = {
    val paths = groups.linesIterator
      .map(_.split(":", 3))
      .collect {
        case Array("0", "", path) => "cgroup2" -> path
        case Array(_, controllers, path) if controllers.split(',').contains("memory") =>
          "cgroup" -> path
      }
      .toMap
    // "36 35 98:0 /root /mount options … - type source super-options"
    mounts.linesIterator.toVector
      .map(_.split(" - ", 2))
      .collect { case Array(left, right) =>
        (left.split(' '), right.split(' '))
      }
      .collect {
        case (left, Array("cgroup2", _*)) if left.length > 4 =>
          paths.get("cgroup2").map(Hierarchy(left(4), left(3), _, limitFile2))
        case (left, Array("cgroup", _, options, _*))
            if left.length > 4 && options.split(',').contains("memory") =>
          paths.get("cgroup").map(Hierarchy(left(4), left(3), _, "memory.limit_in_bytes"))
      }
      .flatten
  }

  // Version 1 says "no limit" with the largest page-aligned long; no host has a pebibyte.
  private val noLimit = 1L << 50

  /** What a limit file holds; None for no limit, which may be written "max" or as a huge number. */
  def parseLimit(text: String): Option[Long] =
    Try(BigInt(text.trim)).toOption.filter(b => b > 0 && b < noLimit).map(_.toLong)

  /**
   * What counts kills, "name number" in each line; None where a kernel does not count (version 1
   * before 4.13).
   */
  def parseKills(text: String): Option[Long] =
    text.linesIterator
      .map(_.split(' '))
      .collectFirst { case Array("oom_kill", number) =>
        number.toLongOption
      }
      .flatten

  private def read(file: Path): Option[String] =
    try if (Files.isReadable(file)) Some(Files.readString(file)) else None
    catch { case _: IOException => None }
}
