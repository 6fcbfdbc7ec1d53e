package org.rayonspark.plan

/** Which of Spark's processes a node stands beside, as errors name it. */
final case class NodeIdentity(executorId: String, host: String) {
  private val isDriver: Boolean = executorId == NodeIdentity.driver

  /** The name of a setting that Spark has for drivers and for executors. */
  def setting(name: String): String =
    if (isDriver) s"spark.driver.$name" else s"spark.executor.$name"

  /** Its name within a sentence. */
  override def toString: String =
    if (isDriver) s"""the driver on host "$host"""" else s"""executor $executorId on host "$host""""

  /** Its name at the beginning of one. */
  def capital: String = toString.capitalize
}

object NodeIdentity {

  /** The id that Spark gives to a driver. */
  val driver: String = "driver"

  def of(offer: Offer): NodeIdentity = NodeIdentity(offer.executorId, offer.host)
}
