package org.rayonspark.data

import org.rayonspark.ExchangeException
import org.rayonspark.rpc.{EndpointRef, Transport}

import scala.concurrent.Future
import scala.concurrent.duration._
import scala.util.Failure

/**
 * Checks whether the driver still serves the transfer that a task waits for. The request itself
 * does not show it: Spark's RPC drops a request that reaches an endpoint while it is being closed,
 * and sends no answer. Used by one thread, while it waits.
 */
private[data] final class DriverCheck(
    transport: Transport,
    driver: EndpointRef,
    period: FiniteDuration,
    limit: FiniteDuration
) {
  private var next = period.fromNow
  private var running: Option[(Future[Unit], Deadline)] = None

  /**
   * Asks the driver once per period.
   *
   * @throws ExchangeException
   *   when the driver no longer serves the transfer, or has not answered for `limit`
   */
  def poll(): Unit = running match {
    case None => if (next.isOverdue()) running = Some((transport.check(driver), limit.fromNow))
    case Some((answer, deadline)) =>
      answer.value match {
        case Some(Failure(error)) =>
          throw new ExchangeException(
            "Spark's driver no longer serves the transfer of this task: the transfer was " +
              s"released, or its Ray cluster has stopped ($error). Move the data again.",
            error
          )
        case Some(_) =>
          running = None
          next = period.fromNow
        case None =>
          if (deadline.isOverdue())
            throw new ExchangeException(
              s"Spark's driver has not answered this task for ${limit.toSeconds} s. Check the " +
                "driver's load and its log, then move the data again."
            )
      }
  }
}
