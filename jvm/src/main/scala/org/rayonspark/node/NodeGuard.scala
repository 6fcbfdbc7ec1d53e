package org.rayonspark.node

import java.io.IOException
import java.nio.file.{Files, Path}
import scala.jdk.CollectionConverters._
import scala.util.Using

/**
 * The small Python program that stands between this JVM and Ray, and that Ray cannot outlive. It
 * travels in the jar, and runs from the directory of the node that it guards.
 */
private[node] object NodeGuard {
  private val scripts =
    Vector("guard.py", "process_tree.py", "node_directory.py", "ray_node.py", "early_start.py")

  /** Where the guard's own complaints go. */
  def errors(directory: Path): Path = directory.resolve("guard.err")

  /** What the node prints. */
  def output(directory: Path): Path = directory.resolve("ray.out")

  @throws[IOException]("if there is no such interpreter, or the directory cannot be written")
  def start(python: String, directory: Path, environment: Map[String, String]): Process = {
    scripts.foreach(copy(_, directory))
    val guard = directory.resolve(scripts.head).toString
    val builder = new ProcessBuilder(python, "-I", "-S", guard, directory.toString)
    builder.environment.clear()
    builder.environment.putAll(environment.asJava)
    builder.environment.put(Orphans.marker, directory.toString)
    builder.redirectError(errors(directory).toFile)
    builder.start()
  }

  private def copy(script: String, directory: Path): Unit = {
    val resource = s"/org/rayonspark/$script"
    val source = getClass.getResourceAsStream(resource)
    if (source == null) throw new IOException(s"This jar has no $resource")
    Using.resource(source)(Files.copy(_, directory.resolve(script)))
    ()
  }
}
