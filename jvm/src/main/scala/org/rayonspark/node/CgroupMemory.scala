package org.rayonspark.node

import java.io.IOException
import java.nio.file.{Files, Path, Paths}
import scala.util.Try

/**
 * Reads the kernel's memory limit for this process: the smallest limit of its own control group and
 * of all groups above it. Supports control groups version 1, version 2, and hosts that mount both.
 */
private[node] object CgroupMemory {

  /**
   * One mounted hierarchy of control groups.
   *
   * @param root
   *   the group that is visible at `mountPoint`
   * @param group
   *   the group of this process
   * @param file
   *   name of the limit file in each group's directory
   */
  final case class Hierarchy(mountPoint: String, root: String, group: String, file: String) {

    /** The file next to the own group's limit that counts the processes the kernel killed. */
    def killsFile: Path =
      files.head.resolveSibling(if (file == limitFile2) "memory.events" else "memory.oom_control")

    /** The limit files from the process's own group up to the mount point. */
    def files: Vector[Path] = {
      val top = Paths.get(mountPoint)
      // In a container, the path is often the host's, while the mount shows the own group only.
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

  /** Returns the limit in bytes; None if nothing limits this process or there are no groups. */
  def limit(): Option[Long] =
    mounted().flatMap(_.files).flatMap(read).flatMap(parseLimit).minOption

  /**
   * Returns this process's own control group if that group has a limit. A process killed in it has
   * then outgrown that limit, not the host's memory.
   */
  def ownGroup(): Option[OwnGroup] =
    mounted()
      .filter(hierarchy => read(hierarchy.killsFile).flatMap(parseKills).isDefined)
      .flatMap { hierarchy =>
        read(hierarchy.files.head).flatMap(parseLimit).map(OwnGroup(_, hierarchy.killsFile))
      }
      .minByOption(_.limit)

  /** @param limit bytes */
  final case class OwnGroup(limit: Long, killsFile: Path) {

    /** How many processes of the group the kernel has killed for lack of memory. */
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

  // Version 1 writes "no limit" as the largest page-aligned long. No host has a pebibyte.
  private val noLimit = 1L << 50

  /** Parses a limit file. None means no limit, which may be "max" or a huge number. */
  def parseLimit(text: String): Option[Long] =
    Try(BigInt(text.trim)).toOption.filter(b => b > 0 && b < noLimit).map(_.toLong)

  /**
   * Parses the number of kills from lines of "name number". None if the kernel does not count kills
   * (version 1 before Linux 4.13).
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
