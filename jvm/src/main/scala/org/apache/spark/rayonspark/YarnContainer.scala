package org.apache.spark.rayonspark

import org.apache.hadoop.security.UserGroupInformation
import org.apache.spark.SparkConf

import java.nio.file.{Files, Paths}

/** The YARN container in which a JVM of this application runs. */
object YarnContainer {

  /** Whether this JVM runs in a YARN container. A driver in client mode does not. */
  def isHere(conf: SparkConf, isDriver: Boolean): Boolean =
    conf.get("spark.master", "") == "yarn" &&
      (!isDriver || conf.get("spark.submit.deployMode", "client") == "cluster")

  /**
   * Returns the container's memory limit in bytes. YARN may have rounded it up. YARN counts the
   * pages of a container's processes and kills a container that exceeds its limit, so no control
   * group shows the limit.
   */
  def memory(conf: SparkConf, isDriver: Boolean): Long = ContainerMemory(conf, isDriver)

  /**
   * Returns the directory from which YARN collects the container's logs: `yarn logs` shows its
   * files.
   */
  def logDirectory: Option[String] =
    sys.props
      .get("spark.yarn.app.container.log.dir")
      .orElse(sys.env.get("LOG_DIRS"))
      .map(_.split(',').head)

  /**
   * Returns the variables with which a process here reaches Hadoop as this application does: with
   * the configuration that the application was submitted with, not the host's, and as its user.
   * With Kerberos, the tokens identify the user, and YARN tells every container their file.
   */
  def environment: Map[String, String] = {
    val submitted = Paths.get("__spark_conf__", "__hadoop_conf__").toAbsolutePath
    val conf: Map[String, String] =
      if (Files.isDirectory(submitted)) Map("HADOOP_CONF_DIR" -> submitted.toString) else Map.empty
    if (UserGroupInformation.isSecurityEnabled) conf
    else conf + ("HADOOP_USER_NAME" -> UserGroupInformation.getCurrentUser.getShortUserName)
  }
}
