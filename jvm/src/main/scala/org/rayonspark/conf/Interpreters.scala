package org.rayonspark.conf

/**
 * The Pythons that run Ray's nodes.
 *
 * @param head
 *   the one beside the driver; it may live elsewhere than the executors' one
 */
final case class Interpreters(head: String, executors: String)

object Interpreters {

  /**
   * What is asked for goes for every node. Without it, executors have the one of Spark's Python
   * workers, and the head the one of the Python that asks for the cluster, which joins the head's
   * node.
   *
   * @param asked
   *   the field `python`, from an argument or a key
   * @param caller
   *   the interpreter of the process that starts the cluster; None for a JVM
   */
  def of(
      asked: Option[String],
      caller: Option[String],
      conf: String => Option[String],
      environment: String => Option[String]
  ): Interpreters = {
    val executors = asked
      .orElse(conf("spark.pyspark.python"))
      .orElse(environment("PYSPARK_PYTHON"))
      .getOrElse("python3")
    val head = asked
      .orElse(caller)
      .orElse(conf("spark.pyspark.driver.python"))
      .orElse(environment("PYSPARK_DRIVER_PYTHON"))
      .getOrElse(executors)
    Interpreters(head, executors)
  }
}
