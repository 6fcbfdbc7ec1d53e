package org.rayonspark.node

import java.io.IOException
import java.nio.charset.StandardCharsets
import java.nio.file.{Files, Path, Paths}
import scala.concurrent.duration._
import scala.jdk.CollectionConverters._
import scala.jdk.OptionConverters._
import scala.util.Using

/**
 * Processes of a node whose guard was killed. Ray itself follows its guard, but what a user's task
 * started in a session of its own does not; it is known by the variable that it inherited.
 */
private[node] object Orphans {

  /** The variable by which every process of a node tells whose it is: the node's directory. */
  val marker = "RAYONSPARK_NODE_DIRECTORY"

  private val limit = 5.seconds
  // A killed process vanishes when its parent has reaped it, which no event tells us.
  private val period = 20.millis

  /** Kills them all; returns the pids that were still there when the time was over. */
  def kill(directory: Path): Vector[Long] = {
    val deadline = limit.fromNow
    var left = find(directory)
    while (left.nonEmpty && deadline.hasTimeLeft()) {
      left.flatMap(ProcessHandle.of(_).toScala).foreach(_.destroyForcibly())
      Thread.sleep(period.toMillis)
      left = find(directory)
    }
    left
  }

  private[node] def find(directory: Path): Vector[Long] = {
    val mark = s"$marker=$directory"
    val proc = Paths.get("/proc")
    if (!Files.isDirectory(proc)) Vector.empty
    else
      Using.resource(Files.list(proc)) { entries =>
        entries.iterator.asScala
          .flatMap(_.getFileName.toString.toLongOption)
          .filter(pid => environment(proc, pid).contains(mark))
          .toVector
      }
  }

  /** Empty for a process that is gone, a zombie, or another user's. */
  private def environment(proc: Path, pid: Long): Array[String] =
    try {
      val bytes = Files.readAllBytes(proc.resolve(pid.toString).resolve("environ"))
      new String(bytes, StandardCharsets.UTF_8).split('\u0000')
    } catch { case _: IOException => Array.empty }
}
