package org.rayonspark.node

import org.rayonspark.threads.Resource

import java.io.IOException
import java.nio.charset.StandardCharsets
import java.nio.file.{Files, Path, Paths}
import scala.concurrent.duration._
import scala.collection.JavaConverters._

/**
 * Finds and kills the processes of a node whose guard was killed. Ray's own processes end with
 * their guard, but a process that a user's task started in its own session does not. An inherited
 * environment variable identifies it.
 */
private[node] object Orphans {

  /** The environment variable that all processes of a node have: it holds the node's directory. */
  val marker = "RAYONSPARK_NODE_DIRECTORY"

  private val limit = 5.seconds
  // A killed process disappears when its parent reaps it, and no event reports that.
  private val period = 20.millis

  /** Kills them all. Returns the pids of those that still exist after the time limit. */
  def kill(directory: Path): Vector[Long] = {
    val deadline = limit.fromNow
    var left = find(directory)
    while (left.nonEmpty && deadline.hasTimeLeft()) {
      left.foreach(ProcessHandle.of(_).ifPresent(_.destroyForcibly()))
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
      Resource.use(Files.list(proc)) { entries =>
        entries.iterator.asScala
          .flatMap(_.getFileName.toString.toLongOption)
          .filter(pid => environment(proc, pid).contains(mark))
          .toVector
      }
  }

  /** Empty for a process that has ended, is a zombie, or belongs to another user. */
  private def environment(proc: Path, pid: Long): Array[String] =
    try {
      val bytes = Files.readAllBytes(proc.resolve(pid.toString).resolve("environ"))
      new String(bytes, StandardCharsets.UTF_8).split('\u0000')
    } catch { case _: IOException => Array.empty }
}
