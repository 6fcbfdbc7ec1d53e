package org.apache.spark.rayonspark

import io.fabric8.kubernetes.client.{
  Config => ClientConfig,
  ConfigBuilder,
  KubernetesClient,
  KubernetesClientBuilder
}
import org.apache.spark.SparkConf
import org.apache.spark.deploy.k8s.{Config, KubernetesUtils, SparkKubernetesClientFactory}
import org.apache.spark.deploy.k8s.SparkKubernetesClientFactory.ClientType

import java.io.File
import scala.concurrent.duration._

/**
 * Creates clients for the API server of an application's Kubernetes cluster, with Spark's rights.
 */
object KubernetesApi {

  /** A user waits for the answer at a terminal. Spark's own client would try for minutes. */
  private val connectionTimeout = 5.seconds
  private val retries = 2

  /** Whether this is a driver that spark-submit has started in a pod. */
  def isSubmitted(conf: SparkConf): Boolean = conf.get(Config.KUBERNETES_DRIVER_SUBMIT_CHECK)

  def namespace(conf: SparkConf): String = conf.get(Config.KUBERNETES_NAMESPACE)

  /** Returns a client for the driver. Its rights depend on where the driver runs. */
  def ofDriver(conf: SparkConf): KubernetesClient =
    if (isSubmitted(conf))
      client(
        conf,
        conf.get(Config.KUBERNETES_DRIVER_MASTER_URL),
        Config.KUBERNETES_AUTH_DRIVER_MOUNTED_CONF_PREFIX,
        ClientType.Driver,
        Some(new File(ClientConfig.KUBERNETES_SERVICE_ACCOUNT_CA_CRT_PATH))
      )
    else
      client(conf, url(conf), Config.KUBERNETES_AUTH_CLIENT_MODE_PREFIX, ClientType.Driver, None)

  /** Returns a client with which to submit an application. */
  def ofSubmission(conf: SparkConf): KubernetesClient = client(
    conf,
    url(conf),
    Config.KUBERNETES_AUTH_SUBMISSION_CONF_PREFIX,
    ClientType.Submission,
    None
  )

  private def url(conf: SparkConf): String =
    KubernetesUtils.parseMasterUrl(conf.get("spark.master"))

  /** Spark's factory reads the key and token files. Time limits and retries are set here. */
  private def client(
      conf: SparkConf,
      url: String,
      prefix: String,
      kind: ClientType.Value,
      authority: Option[File]
  ): KubernetesClient = {
    val sparkClient = SparkKubernetesClientFactory.createKubernetesClient(
      url,
      Some(namespace(conf)),
      prefix,
      kind,
      conf,
      authority
    )
    try {
      val config = new ConfigBuilder(sparkClient.getConfiguration)
        .withConnectionTimeout(connectionTimeout.toMillis.toInt)
        .withRequestTimeout(connectionTimeout.toMillis.toInt)
        .withRequestRetryBackoffLimit(retries)
        .build()
      new KubernetesClientBuilder().withConfig(config).build()
    } finally sparkClient.close()
  }
}
