package org.rayonspark.build

import java.io.File

/** The cache that all checkouts on this machine share; it may be deleted at any time. */
object SharedCache {
  val directory: File = {
    val base = sys.env.getOrElse("XDG_CACHE_HOME", sys.props("user.home") + "/.cache")
    new File(base, "rayonspark")
  }
}
