package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class NearestSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val names: Vector[String] = Keys.all.map(_.field)

  test("there is no nearest among none") {
    assert(Nearest.to("num_nodes", Vector.empty).isEmpty)
  }

  test("a slip of the pen finds what was meant") {
    val slips = Table(
      ("written", "meant"),
      ("num_node", "num_nodes"),
      ("numNodes", "num_nodes"),
      ("nmu_nodes", "num_nodes"),
      ("object_store_mem", "object_store_memory"),
      ("objectStoreMemroy", "object_store_memory"),
      ("cpu_per_node", "cpus_per_node"),
      ("dashbord", "dashboard"),
      ("port", "ports")
    )
    forAll(slips)((written, meant) => assert(Nearest.to(written, names).contains(meant)))
  }

  test("another word finds nothing") {
    assert(Nearest.to("supercalifragilistic", names).isEmpty)
    assert(Nearest.question("supercalifragilistic", names) == "")
  }
}
