package org.rayonspark

/**
 * What RayOnSpark throws at its public edge: one sentence each for what happened, the numbers, and
 * what to do. Python raises errors of the same names with the same text.
 */
sealed abstract class RayOnSparkException(message: String, cause: Throwable)
    extends RuntimeException(message, cause)

/** A field, setting or argument has a value that can never work. */
final class InvalidSpecException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** Spark's executors cannot give what the cluster needs: too few of them, of slots, of memory. */
final class PlacementException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** The cluster did not come up within `start_timeout`. */
final class StartTimeoutException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** Two hosts that Ray needs to connect cannot. */
final class UnreachableException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** The Python or Ray of an executor does not fit the driver's, or is missing. */
final class VersionMismatchException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** A Ray node ended, or never became ready, and was not or could not be restarted. */
final class NodeFailedException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** The cluster, or the SparkContext below it, is stopped. */
final class ClusterStoppedException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** Data did not get from Spark to Ray, or back. */
final class ExchangeException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}
