package org.rayonspark.plan

/** Names the Spark process that a node runs next to, for error messages. */
final case class NodeIdentity(executorId: String, host: String) {
  private val isDriver: Boolean = executorId == NodeIdentity.driver

  /** Returns the full name of a setting that exists for the driver and for executors. */
  def setting(name: String): String =
    if (isDriver) s"spark.driver.$name" else s"spark.executor.$name"

  /** The process as it is named within a sentence. */
  override def toString: String =
    if (isDriver) s"""the driver on host "$host"""" else s"""executor $executorId on host "$host""""

  /** The process as it is named at the beginning of a sentence. */
  def capital: String = toString.capitalize
}

object NodeIdentity {

  /** Spark's executor id of the driver. */
  val driver: String = "driver"

  def of(offer: ResourceOffer): NodeIdentity = NodeIdentity(offer.executorId, offer.host)
}
