package org.rayonspark.supervision

import scala.concurrent.duration._

/** How long to wait before retrying something that failed. */
private[supervision] object BackOff {
  val first: FiniteDuration = 1.second
  private val longest = 30.seconds

  /** Returns the delay after that many earlier failures; doubles with each, up to 30 s. */
  def after(failures: Int): FiniteDuration = longest.min(first * (1L << failures.min(10)))
}
