package org.rayonspark.pods

import io.fabric8.kubernetes.api.model.{Pod, PodBuilder, PodStatus}
import org.scalatest.funsuite.AnyFunSuite

final class ApiPodsSuite extends AnyFunSuite {

  private def pod(phase: String)(change: PodStatus => Unit): Pod = {
    val made = new PodBuilder()
      .withNewMetadata()
      .withName("p")
      .endMetadata()
      .withNewStatus()
      .withPhase(phase)
      .endStatus()
      .build()
    change(made.getStatus)
    made
  }

  private def waiting(reason: String, message: String): Pod = pod("Pending") { status =>
    val container = new PodBuilder()
      .withNewStatus()
      .addNewContainerStatus()
      .withNewState()
      .withNewWaiting(message, reason)
      .endState()
      .endContainerStatus()
      .endStatus()
      .build()
    status.setContainerStatuses(container.getStatus.getContainerStatuses)
  }

  test("a pod without container statuses shows only its phase") {
    assert(ApiPods.statusOf(pod("Pending")(_ => ())) == PodSummary("p", "Pending"))
  }

  test("a pod that waits for a temporary reason is not stuck") {
    for (reason <- Seq("ContainerCreating", "PodInitializing", "ErrImagePull"))
      assert(ApiPods.statusOf(waiting(reason, "for now")).stuck.isEmpty, reason)
  }

  test("a pod that waits for a lasting reason is stuck, with Kubernetes' reason and message") {
    for (reason <- Seq("ImagePullBackOff", "ErrImageNeverPull", "CreateContainerConfigError"))
      assert(ApiPods.statusOf(waiting(reason, "why. ")).stuck.contains(s"$reason: why"))
    assert(ApiPods.statusOf(waiting("InvalidImageName", null)).stuck.contains("InvalidImageName"))
  }

  test("a pod that no host accepts shows why") {
    val unscheduled = pod("Pending") { status =>
      val made = new PodBuilder()
        .withNewStatus()
        .addNewCondition()
        .withType("PodScheduled")
        .withStatus("False")
        .withReason("Unschedulable")
        .withMessage("0/1 nodes are available")
        .endCondition()
        .endStatus()
        .build()
      status.setConditions(made.getStatus.getConditions)
    }
    assert(ApiPods.statusOf(unscheduled).unschedulable.contains("0/1 nodes are available"))
  }

  test(
    "a container that succeeded does not count as ended, and one that failed shows how it ended"
  ) {
    def ended(code: Int): PodSummary = ApiPods.statusOf(pod("Failed") { status =>
      val made = new PodBuilder()
        .withNewStatus()
        .addNewContainerStatus()
        .withNewState()
        .withNewTerminated()
        .withExitCode(code)
        .withReason("Error")
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build()
      status.setContainerStatuses(made.getStatus.getContainerStatuses)
    })
    assert(ended(0).ended.isEmpty)
    assert(ended(3).ended.contains("exit code 3 (Error)"))
  }
}
