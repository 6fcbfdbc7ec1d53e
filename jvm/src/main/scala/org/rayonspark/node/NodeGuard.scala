package org.rayonspark.node

import org.rayonspark.threads.Resource

import java.io.IOException
import java.nio.file.{Files, Path}
import scala.collection.JavaConverters._

/**
 * Starts the guard: the small Python parent process of a Ray node, which Ray cannot outlive. Its
 * scripts are in the jar, and are copied to the node's directory to run from there.
 */
private[node] object NodeGuard {
  private val scripts = Vector(
    "guard.py",
    "process_tree.py",
    "node_directory.py",
    "node_logs.py",
    "ray_node.py",
    "prestart.py",
    "older_ray.py"
  )

  /** The file with the guard's own errors. */
  def errors(directory: Path): Path = directory.resolve("guard.err")

  /** The file with the node's output. */
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
    Resource.use(source)(Files.copy(_, directory.resolve(script)))
    ()
  }
}
