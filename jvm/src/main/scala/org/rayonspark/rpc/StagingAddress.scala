package org.rayonspark.rpc

/**
 * The address at which other hosts reach the files of a node's staging.
 *
 * @param secret
 *   both sides must know it. Not printed
 */
final case class StagingAddress(host: String, port: Int, secret: String) {
  override def toString: String = s"StagingAddress($host, $port)"
}
