package org.rayonspark.node

import java.io.IOException
import java.nio.charset.StandardCharsets
import java.nio.file.attribute.{BasicFileAttributes, PosixFilePermissions}
import java.nio.file.{FileVisitResult, Files, Path, Paths, SimpleFileVisitor}

/** The directory that each node has to itself: Ray's temp directory, mode 0700, gone with the node. */
object NodeDirs {

  // Swept by this name when a guard had no time to remove it: see node_directory.py.
  private val prefix = "ros-"

  // The kernel's limit on the path of a Unix socket, which Ray makes in
  // DIRECTORY/session_2026-01-31_12-59-59_123456_1234567/sockets/plasma_store.
  private val socketPathBytes = 107
  private val belowDirectoryBytes = 70
  private val nameBytes = prefix.length + 20

  /**
   * @param base
   *   an existing directory, short
   * @return
   *   the new directory, or a sentence that says why there is none
   */
  def create(base: String): Either[String, Path] = {
    val longest = socketPathBytes - belowDirectoryBytes - nameBytes
    val bytes = base.getBytes(StandardCharsets.UTF_8).length
    if (bytes > longest)
      Left(
        s"""Temp directory "$base" has $bytes characters, and Ray's sockets leave room for $longest. """ +
          "Set `temp_dir` to a shorter one."
      )
    else make(base)
  }

  private def make(base: String): Either[String, Path] =
    try {
      val mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
      Right(Files.createTempDirectory(Paths.get(base).toRealPath(), prefix, mode))
    } catch {
      case e: IOException =>
        Left(
          s"""No directory could be made in temp directory "$base" (${reason(e)}). """ +
            "Set `temp_dir` to a directory that this user may write to."
        )
    }

  private def reason(error: IOException): String =
    s"${error.getClass.getSimpleName}: ${error.getMessage}"

  /** Removes a whole tree, symbolic links themselves and not what they point to. */
  @throws[IOException]
  def delete(directory: Path): Unit =
    if (Files.isDirectory(directory, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      Files.walkFileTree(
        directory,
        new SimpleFileVisitor[Path] {
          override def visitFile(file: Path, a: BasicFileAttributes): FileVisitResult = {
            Files.deleteIfExists(file)
            FileVisitResult.CONTINUE
          }

          override def postVisitDirectory(dir: Path, e: IOException): FileVisitResult = {
            Files.deleteIfExists(dir)
            FileVisitResult.CONTINUE
          }
        }
      )
      ()
    }
}
