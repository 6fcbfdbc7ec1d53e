package org.rayonspark.node

import org.rayonspark.threads.Resource

import java.io.IOException
import java.net.{InetSocketAddress, Socket}
import scala.concurrent.duration._

/** Checks that one host can connect to another: Ray needs a full mesh, Spark does not. */
object Reachability {
  private val limit = 5.seconds

  /**
   * Opens a connection from this host, and closes it.
   *
   * @param from
   *   the name of this host in the error
   * @param target
   *   "host:port"
   * @return
   *   None if the connection opens; otherwise a sentence that names both ends
   */
  def check(from: String, target: String): Option[String] = {
    val colon = target.lastIndexOf(':')
    val address = new InetSocketAddress(target.take(colon), target.drop(colon + 1).toInt)
    try {
      Resource.use(new Socket())(_.connect(address, limit.toMillis.toInt))
      None
    } catch {
      case e: IOException =>
        Some(
          s"Host $from cannot open a connection to $target (${e.getMessage}). " +
            "Every Ray node must reach every other one. Open the port, or set `ports` to a range " +
            "that the firewall allows."
        )
    }
  }
}
