package org.apache.spark.rayonspark

import org.apache.spark.SparkContext
import org.apache.spark.rpc.{RpcAddress, RpcEnv}
import org.rayonspark.rpc.Transport

/**
 * The RPC of an executor's JVM, but in this JVM. It opens a connection to the driver's port, and
 * every message crosses that connection.
 */
final class RpcOfAnotherJvm(sc: SparkContext) extends AutoCloseable {
  private val env = sc.env
  private val rpc =
    RpcEnv.create("another", "127.0.0.1", 0, sc.getConf, env.securityManager, clientMode = true)

  val transport: Transport =
    new SparkRpc(rpc, RpcAddress(env.conf.get("spark.driver.host"), env.rpcEnv.address.port))

  override def close(): Unit = {
    rpc.shutdown()
    rpc.awaitTermination()
  }
}
