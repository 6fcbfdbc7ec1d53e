package org.apache.spark.rayonspark

import org.scalatest.funsuite.AnyFunSuite

import java.net.{InetAddress, NetworkInterface}

class SparkExecutorSuite extends AnyFunSuite {
  test("an address stays as it is, without the brackets of IPv6") {
    assert(SparkExecutor.address("192.0.2.1") == "192.0.2.1")
    assert(SparkExecutor.address("[::1]") == "0:0:0:0:0:0:0:1")
  }

  test("a wildcard is replaced with an address of this machine") {
    for (wildcard <- Vector("0.0.0.0", "::", "[::]")) {
      val address = InetAddress.getByName(SparkExecutor.address(wildcard))
      assert(!address.isAnyLocalAddress && NetworkInterface.getByInetAddress(address) != null)
    }
  }
}
