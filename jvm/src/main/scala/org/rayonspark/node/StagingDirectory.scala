package org.rayonspark.node

import org.apache.spark.internal.Logging

import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.LinkOption.NOFOLLOW_LINKS
import java.nio.file.StandardOpenOption.{APPEND, CREATE, READ}
import java.nio.file.{AccessDeniedException, Files, Path, Paths, StandardCopyOption}

/** A node's staging, whose files other hosts can name. Touches nothing outside of it. */
final class StagingDirectory(val path: Path) extends Logging {

  /** Deletes files or directories. Logs those that cannot be deleted. */
  def delete(paths: Vector[String]): Unit = paths.foreach { name =>
    try NodeDirs.delete(below(name))
    catch { case e: IOException => logWarning(s"Could not delete $name from staging", e) }
  }

  /** Appends to a file, which it creates if needed. */
  def append(name: String, bytes: ByteBuffer): Unit = {
    val file = FileChannel.open(below(name), CREATE, APPEND, NOFOLLOW_LINKS)
    try while (bytes.hasRemaining) file.write(bytes)
    finally file.close()
  }

  /** Renames a finished draft, atomically. */
  def publish(draft: String, name: String): Unit = {
    Files.move(below(draft), below(name), StandardCopyOption.ATOMIC_MOVE)
    ()
  }

  /** Returns the size in bytes; None if there is no such file. */
  def size(name: String): Option[Long] = {
    val file = below(name)
    Option.when(Files.isRegularFile(file, NOFOLLOW_LINKS))(Files.size(file))
  }

  /** Reads from byte `from` until `into` is full or the file ends. */
  def read(name: String, from: Long, into: ByteBuffer): Unit = {
    val file = FileChannel.open(below(name), READ, NOFOLLOW_LINKS)
    try {
      file.position(from)
      while (into.hasRemaining && file.read(into) >= 0) ()
    } finally file.close()
  }

  private def below(name: String): Path = {
    val named = Paths.get(name).normalize
    if (named == path || !named.startsWith(path))
      throw new AccessDeniedException(name, path.toString, "not in this staging directory")
    named
  }
}
