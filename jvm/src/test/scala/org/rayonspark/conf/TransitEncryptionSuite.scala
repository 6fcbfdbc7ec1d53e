package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite

class TransitEncryptionSuite extends AnyFunSuite {
  private val authenticated = Map("spark.authenticate" -> "true")
  private val encryptions = Vector(
    "spark.network.crypto.enabled",
    "spark.ssl.rpc.enabled",
    "spark.authenticate.enableSaslEncryption"
  )

  for (master <- Vector("local", "local[2]", "local-cluster[2,1,1024]"))
    test(s"with master $master nothing leaves the host, so there is no warning") {
      assert(TransitEncryption.warning(master, _ => None).isEmpty)
    }

  test("Spark's defaults on several hosts cause a warning that names the settings to change") {
    val warning = TransitEncryption.warning("spark://head:7077", _ => None).getOrElse(fail())
    assert(
      warning == "Spark's RPC is not both authenticated and encrypted, so the Ray cluster's " +
        "token and the environment of its nodes cross the network unencrypted. Set " +
        "spark.authenticate and spark.network.crypto.enabled to true before Spark starts."
    )
  }

  for (encryption <- encryptions) {
    test(s"authentication with $encryption is enough") {
      val settings = authenticated + (encryption -> "true")
      assert(TransitEncryption.warning("yarn", settings.get).isEmpty)
    }

    test(s"$encryption without authentication is not enough") {
      assert(TransitEncryption.warning("k8s://api", Map(encryption -> "true").get).isDefined)
    }
  }

  test("authentication alone is not enough") {
    assert(TransitEncryption.warning("yarn", authenticated.get).isDefined)
  }
}
