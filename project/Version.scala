package org.rayonspark.build

import java.io.File
import java.nio.file.Files

/** Reads the version from the file that Python and the jar share. */
object Version {
  private val line = """(?s).*__version__ = "([^"]+)".*""".r

  def read(checkout: File): String = {
    val file = new File(checkout, "python/rayonspark/_version.py")
    Files.readString(file.toPath) match {
      case line(version) => version
      case _ => sys.error(s"$file has no line that sets __version__. Restore it.")
    }
  }
}
