package org.apache.spark.deploy.rayonspark

import org.apache.spark.SparkConf
import org.apache.spark.deploy.master.Master
import org.apache.spark.deploy.worker.Worker
import org.apache.spark.internal.config
import org.apache.spark.rpc.RpcEnv
import org.apache.spark.util.Utils

/**
 * A small Spark standalone cluster on this machine. Spark's own Master and Workers are threads of
 * this JVM, so they cannot outlive it. The executors that the Workers start are separate processes.
 */
final class StandaloneCluster private (val url: String, master: RpcEnv, workers: Vector[RpcEnv]) {

  /** Stops the Workers first, so that they do not lose their Master. Idempotent. */
  def stop(): Unit = {
    workers.foreach(_.shutdown())
    workers.foreach(_.awaitTermination())
    master.shutdown()
    master.awaitTermination()
  }
}

object StandaloneCluster {

  /**
   * Starts a cluster.
   *
   * @param directory
   *   parent of the executors' work directories and logs
   */
  def start(
      workers: Int,
      coresPerWorker: Int,
      memoryMiBPerWorker: Int,
      directory: String
  ): StandaloneCluster = {
    val conf = new SparkConf()
      .set(config.MASTER_REST_SERVER_ENABLED, false)
      .set(config.SHUFFLE_SERVICE_ENABLED, false)
      .set(config.UI.MASTER_UI_DECOMMISSION_ALLOW_MODE, "DENY")
    val host = Utils.localHostName()
    val (master, _, _) = Master.startRpcEnvAndEndpoint(host, 0, 0, conf)
    val url = s"spark://${Utils.localHostNameForURI()}:${master.address.port}"
    val environments = (1 to workers).toVector.map { number =>
      Worker.startRpcEnvAndEndpoint(
        host,
        0,
        0,
        coresPerWorker,
        memoryMiBPerWorker,
        Array(url),
        s"$directory/worker-$number",
        Some(number),
        conf,
        None
      )
    }
    new StandaloneCluster(url, master, environments)
  }
}
