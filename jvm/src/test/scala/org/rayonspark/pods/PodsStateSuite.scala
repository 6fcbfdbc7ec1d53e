package org.rayonspark.pods

import org.scalatest.funsuite.AnyFunSuite

final class PodsStateSuite extends AnyFunSuite {
  private val waiting = PodFacts("app-exec-1", "Pending")

  /** What is said after so many looks at the same pods. */
  private def said(looks: Int, pods: PodFacts*): Option[String] =
    Iterator.iterate(PodsState())(_.after(pods.toVector)).drop(looks).next().trouble

  test("no pod, and pods that are on their way, are no trouble") {
    assert(said(100).isEmpty)
    assert(said(100, waiting, waiting.copy(name = "app-exec-2", phase = "Running")).isEmpty)
  }

  test("a pod that cannot start is trouble at once, with what its events add") {
    val stuck = Some("ImagePullBackOff: Back-off pulling image \"none:1\"")
    val events = Vector("Failed: not found", "BackOff: Back-off pulling image \"none:1\"")
    val pod = waiting.copy(stuck = stuck, events = events)
    assert(
      said(1, pod).contains(
        """Pod "app-exec-1" cannot start: ImagePullBackOff: Back-off pulling image "none:1". Its """ +
          "events: Failed: not found. Mend container_image (spark.kubernetes.container.image), or " +
          "what Kubernetes names here."
      )
    )
  }

  test("a pod without a host is trouble when that lasts") {
    val pod = waiting.copy(unschedulable = Some("0/3 nodes are available: 3 Insufficient cpu."))
    assert(said(9, pod).isEmpty)
    assert(
      said(10, pod).contains(
        """Pod "app-exec-1" finds no host: 0/3 nodes are available: 3 Insufficient cpu. Lower """ +
          "cores, memory or num_nodes, or give the cluster more hosts."
      )
    )
    val state = Iterator.iterate(PodsState())(_.after(Vector(pod))).drop(9).next()
    assert(state.after(Vector(waiting)).after(Vector(pod)).trouble.isEmpty)
  }

  test("a pod for which an autoscaler brings a host may wait") {
    val pod = waiting.copy(unschedulable = Some("0/3 nodes are available"), scalingUp = true)
    assert(said(100, pod).isEmpty)
  }

  test("executors that end before they register are trouble when it is not one alone") {
    val first = waiting.copy(phase = "Failed", ended = Some("exit code 1 (Error)"))
    val second = first.copy(name = "app-exec-2", lastWords = Vector("No such file"))
    assert(PodsState().after(Vector(first)).after(Vector(first)).trouble.isEmpty)
    // Spark has removed the first by then.
    assert(
      PodsState()
        .after(Vector(first))
        .after(Vector(second))
        .trouble
        .contains(
          """2 executors have ended before they registered. The last one is pod "app-exec-2": """ +
            "exit code 1 (Error). Its last words:\n  No such file\n Mend the image " +
            "(container_image), or what its log names."
        )
    )
  }
}
