package org.rayonspark.route

import java.nio.channels.{FileChannel, ReadableByteChannel, WritableByteChannel}
import java.nio.file.{Files, NoSuchFileException, Path, Paths, StandardCopyOption}
import java.nio.file.StandardOpenOption.{CREATE_NEW, READ, WRITE}

/** The files of a node's staging as a task reads and writes them. Not thread-safe. */
trait StagingFiles extends AutoCloseable {

  /** A new file. */
  def create(draft: String): StagingSink

  /** The draft is whole: it gets its name, at once. */
  def publish(draft: String, path: String): Unit

  def delete(path: String): Unit

  /** None when there is no such file. */
  def open(path: String): Option[ReadableByteChannel]
}

object StagingFiles {

  /** Whether that directory of a node's is on this host: no other has its name. */
  def isHere(directory: String): Boolean = Files.isWritable(Paths.get(directory))

  /** Those of this host. */
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
    // A mapped write into a full /dev/shm would kill this JVM; this is an error.
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

  /** Bytes until now. */
  def size: Long
}
