package org.rayonspark

/**
 * Base class of the errors that the public API throws. A message says what happened, gives the
 * numbers, and says what to do next. Python raises errors with the same names and messages.
 */
sealed abstract class RayOnSparkException(message: String, cause: Throwable)
    extends RuntimeException(message, cause)

/** A field, setting or argument has a value that can never work. */
final class InvalidSpecException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** Spark's executors cannot provide what the cluster needs: executors, slots or memory. */
final class PlacementException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** The cluster did not start within `start_timeout`. */
final class StartTimeoutException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** A host cannot open a connection to another one, and Ray needs that connection. */
final class UnreachableException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** Python, Ray, or the Spark that the jar was built for is missing or has the wrong version. */
final class VersionMismatchException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/**
 * A Ray node exited or never became ready and was not restarted, an internal error ended the
 * cluster, or a stop left something behind.
 */
final class NodeFailedException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** The cluster is not running, or its SparkContext is stopped. */
final class ClusterStoppedException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}

/** Data could not be moved from Spark to Ray, or back. */
final class ExchangeException(message: String, cause: Throwable)
    extends RayOnSparkException(message, cause) {
  def this(message: String) = this(message, null)
}
