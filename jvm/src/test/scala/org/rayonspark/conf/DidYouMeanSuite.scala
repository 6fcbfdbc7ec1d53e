package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

final class DidYouMeanSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private val names: Vector[String] = Keys.all.map(_.field)

  test("without candidates there is no suggestion") {
    assert(DidYouMean.to("num_nodes", Vector.empty).isEmpty)
  }

  test("a typo finds the intended name") {
    val typos = Table(
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
    forAll(typos)((written, meant) => assert(DidYouMean.to(written, names).contains(meant)))
  }

  test("a different word finds nothing") {
    assert(DidYouMean.to("supercalifragilistic", names).isEmpty)
    assert(DidYouMean.question("supercalifragilistic", names) == "")
  }
}
