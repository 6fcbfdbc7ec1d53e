package org.rayonspark.node

import org.apache.spark.internal.Logging

import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.StandardOpenOption.{APPEND, CREATE, READ}
import java.nio.file.{AccessDeniedException, Files, Path, Paths, StandardCopyOption}

/** A node's staging, for those who name files in it from afar: nothing outside of it is touched. */
final class StagingDirectory(val path: Path) extends Logging {

  /** Deletes files or directories; what cannot go is logged. */
  def delete(paths: Vector[String]): Unit = paths.foreach { name =>
    try NodeDirs.delete(below(name))
    catch { case e: IOException => logWarning(s"Could not delete $name from staging", e) }
  }

  def append(name: String, bytes: ByteBuffer): Unit = {
    val file = FileChannel.open(below(name), CREATE, APPEND)
    try while (bytes.hasRemaining) file.write(bytes)
    finally file.close()
  }

  def publish(draft: String, name: String): Unit = {
    Files.move(below(draft), below(name), StandardCopyOption.ATOMIC_MOVE)
    ()
  }

  /** None when there is no such file. */
  def size(name: String): Option[Long] = {
    val file = below(name)
    Option.when(Files.exists(file))(Files.size(file))
  }

  def read(name: String, from: Long, into: ByteBuffer): Unit = {
    val file = FileChannel.open(below(name), READ)
    try {
      file.position(from)
      while (into.hasRemaining && file.read(into) >= 0) ()
    } finally file.close()
  }

  private def below(name: String): Path = {
    val named = Paths.get(name).normalize
    if (named == path || !named.startsWith(path))
      throw new AccessDeniedException(name, path.toString, "it is not in this staging")
    named
  }
}
