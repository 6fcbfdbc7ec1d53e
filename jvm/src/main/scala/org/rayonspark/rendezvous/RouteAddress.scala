package org.rayonspark.rendezvous

/**
 * Where another host reaches the files of a node's staging.
 *
 * @param secret
 *   what both sides must know; it is not printed
 */
final case class RouteAddress(host: String, port: Int, secret: String) {
  override def toString: String = s"RouteAddress($host, $port)"
}
