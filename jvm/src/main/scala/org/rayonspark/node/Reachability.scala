package org.rayonspark.node

import java.io.IOException
import java.net.{InetSocketAddress, Socket}
import scala.concurrent.duration._
import scala.util.Using

/** Whether one host can open a connection to another: Ray needs a full mesh, Spark does not. */
object Reachability {
  private val limit = 5.seconds

  /**
   * @param target
   *   "host:port"
   * @return
   *   None when the connection opens, else a sentence that says from where to where it did not
   */
  def check(from: String, target: String): Option[String] = {
    val colon = target.lastIndexOf(':')
    val address = new InetSocketAddress(target.take(colon), target.drop(colon + 1).toInt)
    try {
      Using.resource(new Socket())(_.connect(address, limit.toMillis.toInt))
      None
    } catch {
      case e: IOException =>
        Some(
          s"Host $from cannot open a connection to $target (${e.getMessage}). " +
            "Ray needs every node to reach every other: open the port, or set `ports` to a range " +
            "that the firewall lets through."
        )
    }
  }
}
