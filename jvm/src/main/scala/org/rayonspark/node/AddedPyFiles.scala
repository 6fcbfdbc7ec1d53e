package org.rayonspark.node

import org.apache.spark.internal.Logging
import org.rayonspark.threads.Repeated

import java.io.{File, IOException}
import java.nio.file.{Files, Path, StandardCopyOption}
import java.util.Locale
import java.util.zip.ZipFile
import scala.collection.JavaConverters._
import scala.concurrent.duration._

/**
 * Makes Python archives that Spark fetches during a node's life importable in its Ray tasks. The
 * path of Ray's workers is fixed at the start, so it names a directory of the node, and this
 * unpacks the archives into it. Modules in a `.py` file need no such help: Spark's directory is on
 * the path.
 *
 * @param fetched
 *   the directory of the files that Spark has fetched
 * @param known
 *   archives that are on the path themselves
 * @param directory
 *   where to unpack: on the path of Ray's workers, and deleted with the node
 */
private[node] final class AddedPyFiles(
    name: String,
    fetched: File,
    known: Set[File],
    directory: Path
) extends AutoCloseable
    with Logging {
  import AddedPyFiles.{archives, isPython, merge, unpack, Stamp}

  // Guarded by `this`.
  private var before = Map.empty[File, Stamp]
  private var done = Map.empty[File, Stamp]
  private val checks = new Repeated(name, AddedPyFiles.period)(check())

  /** Unpacks what is new. Spark copies files into place, so one that still changes has to wait. */
  private[node] def check(): Unit = synchronized {
    val now = archives(fetched)
      .filterNot(known)
      .map(file => file -> Stamp(file.length, file.lastModified))
      .toMap
    now
      .filter { case (file, stamp) => before.get(file).contains(stamp) }
      .filterNot { case (file, stamp) => done.get(file).contains(stamp) }
      .foreach { case (file, stamp) =>
        done += file -> stamp
        add(file)
      }
    before = now
  }

  private def add(file: File): Unit =
    try
      if (isPython(file)) {
        val unpacked = Files.createTempDirectory(directory, ".unpacked-")
        try {
          unpack(file, unpacked)
          // Workers may import meanwhile: each module appears complete.
          merge(unpacked, directory)
        } finally NodeDirs.delete(unpacked)
      }
    catch {
      case e: IOException => logWarning(s"Ray tasks cannot import from $file: $e.")
    }

  override def close(): Unit = checks.close()
}

object AddedPyFiles {
  private val period = 500.milliseconds
  private val suffixes = Vector(".zip", ".egg")
  private val modules = Vector(".py", ".pyc", ".so")

  private final case class Stamp(bytes: Long, modified: Long)

  /** Returns the archives in a directory from which Python could import. */
  def archives(directory: File): Vector[File] =
    Option(directory.listFiles).toVector.flatten
      .filter(file => suffixes.exists(file.getName.toLowerCase(Locale.ROOT).endsWith))

  /** Whether an archive contains modules: `sc.addFile` may have added one with data. */
  private def isPython(file: File): Boolean = reading(file) { zip =>
    zip.entries.asScala.exists(entry => modules.exists(entry.getName.endsWith))
  }

  private def unpack(file: File, target: Path): Unit = reading(file) { zip =>
    zip.entries.asScala.foreach { entry =>
      val path = target.resolve(entry.getName).normalize
      if (!path.startsWith(target))
        throw new IOException(s"""its entry "${entry.getName}" leads out of the archive""")
      if (entry.isDirectory) Files.createDirectories(path)
      else {
        Files.createDirectories(path.getParent)
        val content = zip.getInputStream(entry)
        try Files.copy(content, path)
        finally content.close()
      }
    }
  }

  private def reading[A](file: File)(read: ZipFile => A): A = {
    val zip = new ZipFile(file)
    try read(zip)
    finally zip.close()
  }

  /** Moves everything below `from` to the same place below `to`. */
  private def merge(from: Path, to: Path): Unit =
    from.toFile.listFiles.foreach { child =>
      val target = to.resolve(child.getName)
      if (child.isDirectory && Files.isDirectory(target)) merge(child.toPath, target)
      else Files.move(child.toPath, target, StandardCopyOption.REPLACE_EXISTING)
    }
}
