package org.rayonspark.node

import org.apache.spark.internal.Logging
import org.rayonspark.threads.Repeated

import java.io.{File, IOException}
import java.nio.file.StandardCopyOption.{ATOMIC_MOVE, REPLACE_EXISTING}
import java.nio.file.attribute.FileTime
import java.nio.file.{Files, Path}
import java.time.Instant
import java.util.Locale
import java.util.zip.{ZipEntry, ZipFile}
import scala.collection.JavaConverters._
import scala.concurrent.duration._
import scala.util.control.NonFatal

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
 *   where the modules go: on the path of Ray's workers, and deleted with the node. Its sibling with
 *   the suffix ".new" must not exist
 */
private[node] final class AddedPyFiles(
    name: String,
    fetched: File,
    known: Set[File],
    directory: Path
) extends AutoCloseable
    with Logging {
  import AddedPyFiles.{add, archives, Stamp}

  @volatile private var closed = false
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
        try add(file, directory, () => closed)
        catch {
          case NonFatal(_) if closed => ()
          case NonFatal(e) => logWarning(s"Ray tasks cannot import from $file: $e.")
        }
      }
    before = now
  }

  /** Returns when nothing is unpacked any more. */
  override def close(): Unit = {
    closed = true
    checks.close()
    synchronized(())
  }
}

object AddedPyFiles {
  private val period = 500.milliseconds
  private val suffixes = Vector(".zip", ".egg")
  private val modules = Vector(".py", ".pyc", ".so")

  /** An archive that needs more, unpacked, is more likely to be data with a script. */
  private val limit = 1024L * 1024 * 1024

  private final case class Stamp(bytes: Long, modified: Long)

  /** Returns the archives in a directory from which Python could import. */
  def archives(directory: File): Vector[File] =
    Option(directory.listFiles).toVector.flatten
      .filter(file => suffixes.exists(file.getName.toLowerCase(Locale.ROOT).endsWith))
      // Spark unpacks `sc.addArchive("env.zip")` into a directory of that name.
      .filter(_.isFile)

  /** Unpacks an archive if it contains modules: `sc.addFile` may have added one with data. */
  private def add(file: File, directory: Path, canceled: () => Boolean): Unit = {
    val zip = new ZipFile(file)
    try {
      val entries = zip.entries.asScala.toVector
      if (entries.exists(entry => modules.exists(entry.getName.endsWith))) {
        val bytes = entries.map(_.getSize).sum
        if (bytes > limit) throw new IOException(s"it has $bytes bytes, and the limit is $limit")
        // Not inside: an importing worker remembers the content until the directory's time changes.
        val unpacked =
          Files.createDirectory(directory.resolveSibling(s"${directory.getFileName}.new"))
        try {
          entries.filterNot(_ => canceled()).foreach(unpack(zip, _, unpacked))
          if (!canceled()) merge(unpacked, directory)
        } finally NodeDirs.delete(unpacked)
      }
    } finally zip.close()
  }

  private def unpack(zip: ZipFile, entry: ZipEntry, target: Path): Unit = {
    val path = target.resolve(entry.getName).normalize
    if (!path.startsWith(target))
      throw new IOException(s"""its entry "${entry.getName}" leads out of the archive""")
    makeDirectories(if (entry.isDirectory) path else path.getParent, target)
    if (!entry.isDirectory) {
      val content = zip.getInputStream(entry)
      try Files.copy(content, path, REPLACE_EXISTING)
      finally content.close()
    }
  }

  /** Fails if `top` has been deleted: the node has ended, and its directory must not come back. */
  private def makeDirectories(directory: Path, top: Path): Unit =
    if (directory != top && !Files.isDirectory(directory)) {
      makeDirectories(directory.getParent, top)
      Files.createDirectory(directory)
    }

  /** Moves everything below `from` to the same place below `to`, module by module. */
  private def merge(from: Path, to: Path): Unit = {
    from.toFile.listFiles.foreach { child =>
      val target = to.resolve(child.getName)
      if (child.isDirectory && Files.isDirectory(target)) merge(child.toPath, target)
      else Files.move(child.toPath, target, ATOMIC_MOVE)
    }
    // The kernel's own times advance in steps of milliseconds, in which a worker may have looked.
    Files.setLastModifiedTime(to, FileTime.from(Instant.now()))
    ()
  }
}
