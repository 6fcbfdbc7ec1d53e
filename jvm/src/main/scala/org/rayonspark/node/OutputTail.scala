package org.rayonspark.node

import org.rayonspark.threads.Resource

import java.io.{IOException, RandomAccessFile}
import java.nio.charset.StandardCharsets
import java.nio.file.{Files, Path}

/** Reads the last lines of a process's output file, without reading the rest of it. */
object OutputTail {
  private val lines = 30
  private val bytes = 4096

  /** Returns no lines if the file does not exist or cannot be read. */
  def read(file: Path): Vector[String] =
    if (!Files.isRegularFile(file)) Vector.empty
    else
      try
        Resource.use(new RandomAccessFile(file.toFile, "r")) { input =>
          input.seek(math.max(0L, input.length - bytes))
          val end =
            new Array[Byte](math.min(bytes.toLong, input.length - input.getFilePointer).toInt)
          input.readFully(end)
          new String(end, StandardCharsets.UTF_8).linesIterator.toVector.takeRight(lines)
        }
      catch { case _: IOException => Vector.empty }
}
