package org.rayonspark.node

import java.io.{IOException, RandomAccessFile}
import java.nio.charset.StandardCharsets
import java.nio.file.{Files, Path}
import scala.util.Using

/** The last lines of a file that a process wrote, however long it is. */
object OutputTail {
  private val lines = 30
  private val bytes = 4096

  /** No lines where there is no file, or none that can be read. */
  def read(file: Path): Vector[String] =
    if (!Files.isRegularFile(file)) Vector.empty
    else
      try
        Using.resource(new RandomAccessFile(file.toFile, "r")) { input =>
          input.seek(math.max(0L, input.length - bytes))
          val end =
            new Array[Byte](math.min(bytes.toLong, input.length - input.getFilePointer).toInt)
          input.readFully(end)
          new String(end, StandardCharsets.UTF_8).linesIterator.toVector.takeRight(lines)
        }
      catch { case _: IOException => Vector.empty }
}
