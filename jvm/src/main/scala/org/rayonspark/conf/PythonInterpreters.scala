package org.rayonspark.conf

/**
 * The Python interpreters that run Ray's nodes.
 *
 * @param head
 *   the interpreter on the driver's host, whose path may differ from the executors'
 */
final case class PythonInterpreters(head: String, executors: String)

object PythonInterpreters {

  /**
   * Returns the interpreters. A requested one applies to every node. Otherwise executors use the
   * interpreter of Spark's Python workers, and the head uses that of the Python process that starts
   * the cluster and connects to the head's node.
   *
   * @param requested
   *   the field `python`, from an argument or a key
   * @param caller
   *   interpreter of the process that starts the cluster; None for a JVM
   */
  def of(
      requested: Option[String],
      caller: Option[String],
      conf: String => Option[String],
      environment: String => Option[String]
  ): PythonInterpreters = {
    val executors = requested
      .orElse(conf("spark.pyspark.python"))
      .orElse(environment("PYSPARK_PYTHON"))
      .getOrElse("python3")
    val head = requested
      .orElse(caller)
      .orElse(conf("spark.pyspark.driver.python"))
      .orElse(environment("PYSPARK_DRIVER_PYTHON"))
      .getOrElse(executors)
    PythonInterpreters(head, executors)
  }
}
