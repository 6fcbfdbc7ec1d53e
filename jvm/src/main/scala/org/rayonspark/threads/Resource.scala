package org.rayonspark.threads

/** Closes a resource after use: `scala.util.Using`, which Scala 2.12 does not have. */
object Resource {

  /**
   * Runs `action`, and closes the resource in any case. Throws the error of `action` if it fails.
   */
  def use[R <: AutoCloseable, A](resource: R)(action: R => A): A = {
    val result =
      try action(resource)
      catch {
        case error: Throwable =>
          try resource.close()
          catch { case e: Throwable => error.addSuppressed(e) }
          throw error
      }
    resource.close()
    result
  }
}
