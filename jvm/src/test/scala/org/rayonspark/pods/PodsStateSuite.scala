package org.rayonspark.pods

import org.scalatest.funsuite.AnyFunSuite

final class PodsStateSuite extends AnyFunSuite {
  private val waiting = PodSummary("app-exec-1", "Pending")

  /** Returns the problem after this many checks of the same pods. */
  private def problemAfter(checks: Int, pods: PodSummary*): Option[String] =
    Iterator.iterate(PodsState())(_.after(pods.toVector)).drop(checks).next().problem

  test("a lack of pods is not a problem, and neither are pods that are starting") {
    assert(problemAfter(100).isEmpty)
    assert(problemAfter(100, waiting, waiting.copy(name = "app-exec-2", phase = "Running")).isEmpty)
  }

  test("a pod that cannot start is a problem immediately, with details from its events") {
    val stuck = Some("ImagePullBackOff: Back-off pulling image \"none:1\"")
    val events = Vector("Failed: not found", "BackOff: Back-off pulling image \"none:1\"")
    val pod = waiting.copy(stuck = stuck, events = events)
    assert(
      problemAfter(1, pod).contains(
        """Pod "app-exec-1" cannot start: ImagePullBackOff: Back-off pulling image "none:1". Its """ +
          "events: Failed: not found. Fix container_image (spark.kubernetes.container.image), or " +
          "the cause that Kubernetes names here."
      )
    )
  }

  test("a pod without a host is a problem only if that lasts") {
    val pod = waiting.copy(unschedulable = Some("0/3 nodes are available: 3 Insufficient cpu."))
    assert(problemAfter(9, pod).isEmpty)
    assert(
      problemAfter(10, pod).contains(
        """Pod "app-exec-1" finds no host: 0/3 nodes are available: 3 Insufficient cpu. Lower """ +
          "cores, memory or num_nodes, or add hosts to the cluster."
      )
    )
    val state = Iterator.iterate(PodsState())(_.after(Vector(pod))).drop(9).next()
    assert(state.after(Vector(waiting)).after(Vector(pod)).problem.isEmpty)
  }

  test("a pod for which an autoscaler adds a host may wait") {
    val pod = waiting.copy(unschedulable = Some("0/3 nodes are available"), scalingUp = true)
    assert(problemAfter(100, pod).isEmpty)
  }

  test("executors that end before they register are a problem from the second one on") {
    val first = waiting.copy(phase = "Failed", ended = Some("exit code 1 (Error)"))
    val second = first.copy(name = "app-exec-2", logTail = Vector("No such file"))
    assert(PodsState().after(Vector(first)).after(Vector(first)).problem.isEmpty)
    // Spark has deleted the first pod by then.
    assert(
      PodsState()
        .after(Vector(first))
        .after(Vector(second))
        .problem
        .contains(
          """2 executors have ended before they registered. The last one is pod "app-exec-2": """ +
            "exit code 1 (Error). Its last output:\n  No such file\n Fix the image " +
            "(container_image), or the error in its log."
        )
    )
  }
}
