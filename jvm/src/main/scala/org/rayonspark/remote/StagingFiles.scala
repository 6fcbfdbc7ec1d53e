package org.rayonspark.remote

import java.nio.channels.{FileChannel, ReadableByteChannel, WritableByteChannel}
import java.nio.file.{Files, NoSuchFileException, Path, Paths, StandardCopyOption}
import java.nio.file.StandardOpenOption.{CREATE_NEW, READ, WRITE}

/** Accesses the files of a node's staging, for one task. Not thread-safe. */
trait StagingFiles extends AutoCloseable {

  /** Creates a file. */
  def create(draft: String): StagingSink

  /** Renames a complete draft to its final path, atomically. */
  def publish(draft: String, path: String): Unit

  def delete(path: String): Unit

  /** Opens a file; None when there is no such file. */
  def open(path: String): Option[ReadableByteChannel]
}

object StagingFiles {

  /** Whether that staging directory is on this host: no two nodes have one of the same name. */
  def isHere(directory: String): Boolean = Files.isWritable(Paths.get(directory))

  /** The files of this host. */
  object Here extends StagingFiles {
    override def create(draft: String): StagingSink = new FileSink(Paths.get(draft))

    override def publish(draft: String, path: String): Unit = {
      Files.move(Paths.get(draft), Paths.get(path), StandardCopyOption.ATOMIC_MOVE)
      ()
    }

    override def delete(path: String): Unit = {
      Files.deleteIfExists(Paths.get(path))
      ()
    }

    override def open(path: String): Option[ReadableByteChannel] =
      try Some(FileChannel.open(Paths.get(path), READ))
      catch { case _: NoSuchFileException => None }

    override def close(): Unit = ()
  }

  private final class FileSink(path: Path) extends StagingSink {
    // Not memory-mapped: a mapped write to a full /dev/shm kills the JVM; this write is an error.
    private val channel: WritableByteChannel = FileChannel.open(path, CREATE_NEW, WRITE)
    private var written = 0L

    override def size: Long = written

    override def write(bytes: java.nio.ByteBuffer): Int = {
      val count = channel.write(bytes)
      written += count
      count
    }

    override def isOpen: Boolean = channel.isOpen
    override def close(): Unit = channel.close()
  }
}

/** A file that is being written. */
trait StagingSink extends WritableByteChannel {

  /** Returns the bytes written so far. */
  def size: Long
}
