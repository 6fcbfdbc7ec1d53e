package org.rayonspark.job

import org.rayonspark.{InvalidSpecException, PlacementException, RayClusterSpec}
import org.rayonspark.job.SlotCheck.Expected
import org.scalatest.funsuite.AnyFunSuite

class SlotCheckSuite extends AnyFunSuite {
  private val defaultSpec = RayClusterSpec.builder().build()
  private val dynamic = "spark.dynamicAllocation.enabled" -> "true"

  private def expected(master: String, conf: (String, String)*): Expected =
    SlotCheck.expected(master, conf.toMap.get)

  test("without a setting, the number is Spark's default or unknown") {
    assert(expected("yarn") == Expected(Some(2), Some(2), Some(1)))
    assert(expected("k8s://https://a:1") == Expected(Some(2), Some(2), Some(1)))
    assert(expected("spark://a:7077") == Expected(None, None, None))
  }

  test("the configuration determines the maximum and the initial number of executors") {
    val cores = "spark.executor.cores" -> "2"
    val rows = Vector(
      expected("local-cluster[3,4,1024]") -> Expected(Some(3), Some(3), Some(4)),
      expected("local-cluster[3, 4, 1024]", cores) -> Expected(Some(6), Some(6), Some(2)),
      expected("yarn", "spark.executor.instances" -> "5", cores) ->
        Expected(Some(5), Some(5), Some(2)),
      expected("spark://a:7077", "spark.cores.max" -> "7", cores) ->
        Expected(Some(3), Some(3), Some(2)),
      expected("spark://a:7077", "spark.cores.max" -> "7") -> Expected(None, None, None),
      expected("spark://a:7077", cores) -> Expected(None, None, Some(2)),
      expected("yarn", "spark.executor.resource.gpu.amount" -> "2") ->
        Expected(Some(2), Some(2), Some(1), gpus = 2),
      expected("yarn", dynamic) -> Expected(None, Some(0), None),
      expected("yarn", dynamic, "spark.dynamicAllocation.maxExecutors" -> "9") ->
        Expected(Some(9), Some(0), None),
      expected(
        "yarn",
        dynamic,
        "spark.dynamicAllocation.initialExecutors" -> "3",
        "spark.dynamicAllocation.minExecutors" -> "1",
        "spark.executor.instances" -> "2"
      ) -> Expected(None, Some(3), None)
    )
    rows.foreach { case (found, wanted) => assert(found == wanted) }
  }

  test("there are as many nodes as requested, or one for each executor") {
    val three = RayClusterSpec.builder().numNodes(3).build()
    val rows = Vector(
      SlotCheck.workers(three, Expected(None, None, None), 0) -> Some(3),
      SlotCheck.workers(defaultSpec, Expected(Some(2), Some(2), None), 0) -> Some(2),
      SlotCheck.workers(defaultSpec, Expected(Some(2), Some(2), None), 1) -> Some(2)
    )
    rows.foreach { case (found, wanted) => assert(found == wanted) }
  }

  test("an unknown number is left to the executors that register, however many there are now") {
    assert(SlotCheck.workers(defaultSpec, Expected(None, None, None), 0).isEmpty)
    assert(SlotCheck.workers(defaultSpec, Expected(None, None, Some(2)), 1).isEmpty)
  }

  test("with dynamic allocation, all executors are the registered or the initial ones") {
    def nodes(max: Option[Int], initial: Int, registered: Int) =
      SlotCheck.workers(defaultSpec, Expected(max, Some(initial), None), registered)
    assert(nodes(None, 0, 0).contains(1))
    assert(nodes(Some(100), 0, 2).contains(2))
    assert(nodes(Some(100), 3, 2).contains(3))
    assert(nodes(Some(2), 3, 0).contains(2))
  }

  test("more nodes than Spark can have executors are an error that names both numbers") {
    val three = RayClusterSpec.builder().numNodes(3).build()
    val error = intercept[PlacementException](
      SlotCheck.workers(three, Expected(Some(2), Some(2), None), 0)
    )
    assert(
      error.getMessage ==
        "Asked for 3 Ray nodes, but Spark can have at most 2 executors here. Lower num_nodes, or " +
        "raise spark.executor.instances (spark.cores.max on a standalone cluster)."
    )
  }

  test("more cpus than an executor has cores are an error that names both numbers") {
    val spec = RayClusterSpec.builder().cpusPerNode(3).build()
    val error = intercept[InvalidSpecException](
      SlotCheck.workers(spec, Expected(Some(2), Some(2), Some(2)), 0)
    )
    assert(
      error.getMessage ==
        "Asked for 3 cpus per Ray node, but an executor has 2 cores. Lower cpus_per_node, or " +
        "raise spark.executor.cores."
    )
  }

  test("more GPUs than an executor has are refused before a job is submitted") {
    val spec = RayClusterSpec.builder().gpusPerNode(2).build()
    val error = intercept[InvalidSpecException] {
      SlotCheck.workers(spec, Expected(Some(2), Some(2), Some(2), gpus = 1), 2)
    }
    assert(
      error.getMessage == "Asked for 2 GPUs per Ray node, but an executor has 1 from Spark. " +
        "Lower gpus_per_node, or raise spark.executor.resource.gpu.amount."
    )
    assert(SlotCheck.workers(spec, Expected(Some(2), Some(2), None, gpus = 2), 2).contains(2))
  }
}
