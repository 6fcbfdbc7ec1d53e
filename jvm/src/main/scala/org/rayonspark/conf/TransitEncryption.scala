package org.rayonspark.conf

/** Checks whether Spark encrypts the data that it sends over the network for a cluster. */
object TransitEncryption {

  private val authenticate = "spark.authenticate"
  private val encrypt = Vector(
    "spark.network.crypto.enabled",
    "spark.ssl.rpc.enabled",
    "spark.authenticate.enableSaslEncryption"
  )

  /**
   * Returns a warning; None if nothing leaves the host or everything is encrypted.
   *
   * @param settings
   *   looks up a key in Spark's configuration
   */
  def warning(master: String, settings: String => Option[String]): Option[String] = {
    def isOn(key: String): Boolean = settings(key).flatMap(_.trim.toBooleanOption).contains(true)
    // Includes `local-cluster[…]`, whose executors are processes on this host.
    val onOneHost = master.startsWith("local")
    Option.when(!onOneHost && !(isOn(authenticate) && encrypt.exists(isOn))) {
      "Spark's RPC is not both authenticated and encrypted, so the Ray cluster's token and the " +
        "environment of its nodes cross the network unencrypted. Set spark.authenticate and " +
        "spark.network.crypto.enabled to true before Spark starts."
    }
  }
}
