package org.rayonspark.node

import org.rayonspark.plan.RayDirectory

import java.io.IOException
import java.nio.charset.StandardCharsets
import java.nio.file.attribute.{BasicFileAttributes, PosixFilePermissions}
import java.nio.file.{
  DirectoryNotEmptyException,
  FileAlreadyExistsException,
  FileVisitResult,
  Files,
  NoSuchFileException,
  Path,
  Paths,
  SimpleFileVisitor
}
import java.security.SecureRandom
import scala.annotation.tailrec
import scala.concurrent.duration._

/**
 * Creates and deletes the private directory of a node. It has mode 0700 and is deleted with the
 * node. Ray's temp directory is inside it.
 */
object NodeDirs {

  // node_directory.py knows this prefix: it deletes what a guard had no time to remove.
  private val prefix = "ros-"

  /** How long other processes may create files in a directory that is being deleted. */
  private val deletionLimit = 2.seconds

  private val randomChars = 6
  private val alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
  private val random = new SecureRandom()

  // The kernel limits the path of a Unix socket. Ray creates one in its temp directory, such as
  // /session_2026-01-31_12-59-59_123456_1234567/sockets/plasma_store.
  private val socketPathBytes = 107
  private val socketNameBytes = 65
  private val longestBase =
    socketPathBytes - socketNameBytes - RayDirectory.of("").length - 1 - prefix.length - randomChars

  /**
   * Creates a node's directory.
   *
   * @param base
   *   a directory with a short path; it is created, with mode 0700, if it does not exist
   * @return
   *   the new directory, or a sentence that says why it could not be created
   */
  def create(base: String): Either[String, Path] =
    try {
      // Keep links: Ray creates its sockets below the path as given, and a link may be shorter.
      val parent = Paths.get(base).toAbsolutePath
      val bytes = parent.toString.getBytes(StandardCharsets.UTF_8).length
      if (bytes <= longestBase) {
        // JDK 17 takes a link to a directory for a file here.
        if (!Files.isDirectory(parent)) Files.createDirectories(parent, mode)
        Right(make(parent))
      } else
        Left(
          s"""The path of temp directory "$parent" has $bytes bytes, but Ray's socket names """ +
            s"leave room for $longestBase. Set `temp_dir` to a shorter path."
        )
    } catch {
      case e: IOException =>
        Left(
          s"""Could not create a directory in temp directory "$base" (${reason(e)}). """ +
            "Set `temp_dir` to a directory that this user may write to."
        )
    }

  @tailrec
  private def make(parent: Path): Path = {
    val name = Iterator.fill(randomChars)(alphabet(random.nextInt(alphabet.length))).mkString
    val directory = parent.resolve(prefix + name)
    // Never use an existing name, not even another user's link.
    if (makeNew(directory)) directory else make(parent)
  }

  private val mode =
    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))

  private def makeNew(directory: Path): Boolean =
    try {
      Files.createDirectory(directory, mode)
      true
    } catch { case _: FileAlreadyExistsException => false }

  /**
   * Creates a new directory and its missing parents, all with mode 0700.
   *
   * @param setting
   *   the setting with which the user can choose another place
   * @return
   *   the directory, or a sentence that says why it could not be created. One that exists is
   *   refused
   */
  def createPrivate(name: String, setting: String): Either[String, Path] = {
    val directory = Paths.get(name)
    try
      Right(
        Files.createDirectory(
          Files.createDirectories(directory.getParent, mode).resolve(directory),
          mode
        )
      )
    catch {
      case e: IOException =>
        Left(
          s"""Could not create directory "$directory" (${reason(e)}). """ +
            s"Set `$setting` to a directory that this user may write to."
        )
    }
  }

  private def reason(error: IOException): String =
    s"${error.getClass.getSimpleName}: ${error.getMessage}"

  /**
   * Deletes a file or a whole tree. Deletes symbolic links, not their targets. Ignores files that
   * are already gone: Ray's processes end meanwhile, and other processes may delete too. Also
   * deletes files that appear meanwhile: Spark's tasks write into staging until they learn of the
   * node's end.
   */
  @throws[IOException]
  def delete(directory: Path): Unit = {
    val deadline = deletionLimit.fromNow
    @tailrec def next(): Unit = if (!isDeleted(directory, deadline)) next()
    next()
  }

  private def isDeleted(directory: Path, deadline: Deadline): Boolean =
    try {
      deleteAll(directory)
      true
    } catch { case _: DirectoryNotEmptyException if deadline.hasTimeLeft() => false }

  private def deleteAll(directory: Path): Unit = {
    Files.walkFileTree(
      directory,
      new SimpleFileVisitor[Path] {
        override def visitFile(file: Path, a: BasicFileAttributes): FileVisitResult = {
          Files.deleteIfExists(file)
          FileVisitResult.CONTINUE
        }

        override def visitFileFailed(file: Path, e: IOException): FileVisitResult =
          if (isGone(e)) FileVisitResult.CONTINUE else throw e

        override def postVisitDirectory(dir: Path, e: IOException): FileVisitResult = {
          if (e != null && !isGone(e)) throw e
          Files.deleteIfExists(dir)
          FileVisitResult.CONTINUE
        }
      }
    )
    ()
  }

  private def isGone(error: IOException): Boolean = error match {
    case _: NoSuchFileException => true
    case _ => false
  }
}
