package org.apache.spark.rayonspark

import org.apache.hadoop.security.UserGroupInformation
import org.apache.spark.SparkConf

import java.nio.file.{Files, Paths}

/** The container of YARN's that a JVM of this application runs in. */
object YarnContainer {

  /** Whether that is so: a client's driver runs in none. */
  def isHere(conf: SparkConf, isDriver: Boolean): Boolean =
    conf.get("spark.master", "") == "yarn" &&
      (!isDriver || conf.get("spark.submit.deployMode", "client") == "cluster")

  /**
   * Bytes: YARN ends a container that outgrows them by counting its processes' pages, so that no
   * control group tells of the limit. It may have rounded them up.
   */
  def memory(conf: SparkConf, isDriver: Boolean): Long = ContainerMemory(conf, isDriver)

  /**
   * Where YARN collects the container's logs: the files that lie there are shown by `yarn logs`.
   */
  def logDirectory: Option[String] =
    sys.props
      .get("spark.yarn.app.container.log.dir")
      .orElse(sys.env.get("LOG_DIRS"))
      .map(_.split(',').head)

  /**
   * How a process here reaches Hadoop as this application does: by the configuration that it was
   * submitted with, not the host's own, and as its user. With Kerberos the user is in the tokens,
   * whose file YARN names to every container.
   */
  def environment: Map[String, String] = {
    val submitted = Paths.get("__spark_conf__", "__hadoop_conf__").toAbsolutePath
    val conf = Option.when(Files.isDirectory(submitted))("HADOOP_CONF_DIR" -> submitted.toString)
    val user = Option.when(!UserGroupInformation.isSecurityEnabled)(
      "HADOOP_USER_NAME" -> UserGroupInformation.getCurrentUser.getShortUserName
    )
    (conf ++ user).toMap
  }
}
