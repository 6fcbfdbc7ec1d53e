package org.rayonspark.node

import java.io.IOException
import java.nio.charset.StandardCharsets
import java.nio.file.attribute.{BasicFileAttributes, PosixFilePermissions}
import java.nio.file.{
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

/**
 * The directory that each node has to itself: Ray's temp directory, mode 0700, gone with the node.
 */
object NodeDirs {

  // node_directory.py knows these names: it sweeps what a guard had no time to remove.
  private val prefix = "ros-"

  private val randomChars = 6
  private val alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
  private val random = new SecureRandom()

  // The kernel's limit on the path of a Unix socket; Ray makes one in the node's directory, as
  // /session_2026-01-31_12-59-59_123456_1234567/sockets/plasma_store.
  private val socketPathBytes = 107
  private val socketNameBytes = 65
  private val longestBase = socketPathBytes - socketNameBytes - 1 - prefix.length - randomChars

  /**
   * @param base
   *   an existing directory, short
   * @return
   *   the new directory, or a sentence that says why there is none
   */
  def create(base: String): Either[String, Path] =
    try {
      // Ray would make its sockets below the path as it was given; a link may be the shorter one.
      val parent = Paths.get(base).toAbsolutePath
      val bytes = parent.toString.getBytes(StandardCharsets.UTF_8).length
      if (bytes <= longestBase) Right(make(parent))
      else
        Left(
          s"""Temp directory "$parent" has $bytes bytes in its name, and Ray's sockets leave """ +
            s"room for $longestBase. Set `temp_dir` to a shorter one."
        )
    } catch {
      case e: IOException =>
        Left(
          s"""No directory could be made in temp directory "$base" (${reason(e)}). """ +
            "Set `temp_dir` to a directory that this user may write to."
        )
    }

  @tailrec
  private def make(parent: Path): Path = {
    val name = Iterator.fill(randomChars)(alphabet(random.nextInt(alphabet.length))).mkString
    val directory = parent.resolve(prefix + name)
    // A name that is taken, also by a stranger's link, is never used.
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
   * Makes a directory of that name, mode 0700, or says why not.
   *
   * @param setting
   *   what the user can set to have it elsewhere
   */
  def createPrivate(name: String, setting: String): Either[String, Path] = {
    val directory = Paths.get(name)
    try
      Right(
        Files.createDirectory(Files.createDirectories(directory.getParent).resolve(directory), mode)
      )
    catch {
      case e: IOException =>
        Left(
          s"Directory \"$directory\" could not be made (${reason(e)}). " +
            s"Set `$setting` to a directory that this user may write to."
        )
    }
  }

  private def reason(error: IOException): String =
    s"${error.getClass.getSimpleName}: ${error.getMessage}"

  /**
   * Removes a file or a whole tree, symbolic links themselves and not what they point to. What is
   * gone before it is reached is no error: Ray's processes end, and others may delete as well.
   */
  @throws[IOException]
  def delete(directory: Path): Unit = {
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
