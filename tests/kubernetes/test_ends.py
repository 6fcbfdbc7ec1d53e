"""A Ray node that ends is replaced; an application that ends leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from cluster.client import Client
from cluster.leftovers import Leftovers, children_of, command_line, eventually, ray_processes
from cluster.program import Program

from .cluster import Kubernetes
from .conftest import WITHIN_S
from .pods import executor_pods, process

REPLACED_S = 90


def workers(client: Client) -> dict[str, dict[str, Any]]:
    """The worker nodes that are alive, by their executors' ids."""
    alive = [node for node in client.ask("nodes") if node["state"] == "alive"]
    return {node["executor_id"]: node for node in alive if node["role"] == "worker"}


def test_the_node_of_a_dead_executor_ends_and_is_replaced(
    kubernetes: Kubernetes, start_client: Callable[..., Client]
) -> None:
    client = start_client(init_ray_on_spark=True)
    pod = executor_pods(kubernetes, client.application)["1"]
    doomed = kubernetes.pids_of(pod) & set(ray_processes())
    assert doomed

    process(kubernetes, pod, "java").kill()

    assert eventually(lambda: not doomed & set(ray_processes()), WITHIN_S)
    assert eventually(lambda: replaced(client, "1"), REPLACED_S), client.program.text()

    # If only the node dies, it is restarted in place.
    pod = executor_pods(kubernetes, client.application)["2"]
    process(kubernetes, pod, "raylet").kill()
    assert eventually(lambda: workers(client).get("2", {}).get("restarts") == 1, REPLACED_S), (
        client.program.text()
    )


def replaced(client: Client, executor: str) -> bool:
    """Whether a node on another executor has replaced the node of this one."""
    alive = workers(client)
    return len(alive) == 2 and executor not in alive


def test_the_node_of_a_deleted_pod_drains_and_is_replaced(
    kubernetes: Kubernetes, start_client: Callable[..., Client]
) -> None:
    client = start_client(init_ray_on_spark=True)
    doomed = executor_pods(kubernetes, client.application)["1"]
    client.ask("begin", "1", 4.0)

    kubernetes.kubectl("delete", "pod", doomed["metadata"]["name"], "--wait=false")

    # The work there was not interrupted: the actor is never restarted.
    assert client.ask("finish") == "slept"
    assert eventually(lambda: not kubernetes.pids_of(doomed), 30)
    assert eventually(lambda: replaced(client, "1"), REPLACED_S), client.program.text()


def test_everything_ends_with_the_drivers_jvm_and_the_next_start_sweeps(
    kubernetes: Kubernetes,
    start_client: Callable[..., Client],
    leaves_nothing_behind: Leftovers,
) -> None:
    client = start_client(init_ray_on_spark=True)
    of_driver = children_of(client.program.process.pid)
    (jvm,) = (child for child in of_driver if "SparkSubmit" in command_line(child))

    jvm.kill()

    leaves_nothing_behind.assert_none(WITHIN_S)

    def running() -> list[str]:
        pods = executor_pods(kubernetes, client.application).values()
        return [pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] == "Running"]

    assert eventually(lambda: not running(), WITHIN_S), running()
    # With Ray, the executors are certainly up. An executor whose driver exits before that hangs in
    # Spark until Kubernetes ends its pod after the grace period.
    start_client(init_ray_on_spark=True).ask("stop")
    assert executor_pods(kubernetes, client.application) == {}


def test_everything_ends_with_the_drivers_python(
    start_client: Callable[..., Client], leaves_nothing_behind: Leftovers
) -> None:
    client = start_client(init_ray_on_spark=True)

    client.program.process.kill()
    client.program.wait()

    leaves_nothing_behind.assert_none(WITHIN_S)


WAITS = """
import socket, time
from rayonspark import OrcaContext, init_orca_context
init_orca_context("k8s-cluster", master={master!r}, cores=1, memory="512m", num_nodes=2,
                  driver_memory="512m", object_store_memory="100m", init_ray_on_spark=True,
                  conf={{"spark.rayonspark.dashboard": "true",
                        "spark.rayonspark.ports": "dashboard={port}"}})
# The test must not connect earlier: a port-forward ends when nothing listens.
while True:
    try:
        socket.create_connection(("127.0.0.1", {port})).close()
        break
    except OSError:
        time.sleep(0.2)
print("TEST", OrcaContext.get_ray_context().cluster.env["RAY_AUTH_TOKEN"], flush=True)
time.sleep(600)
"""
DASHBOARD = 8265
ASKS = """
import sys, urllib.request
url, token = sys.argv[1:]
asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
print(urllib.request.urlopen(asked, timeout=10).status)
"""


def test_a_driver_in_a_pod_has_a_dashboard_and_its_deletion_ends_everything(
    kubernetes: Kubernetes,
    run_program: Callable[..., Program],
    leaves_nothing_behind: Leftovers,
) -> None:
    script = kubernetes.shared / "waits.py"
    script.write_text(WAITS.format(master=f"k8s://{kubernetes.url}", port=DASHBOARD))
    program = run_program(sys.executable, str(script))
    token = program.line(180)
    (driver,) = kubernetes.get("pods", selector="spark-role=driver")
    assert_dashboard(kubernetes, run_program, driver["metadata"]["name"], token)
    hosts = {driver["status"]["podIP"]}
    hosts |= {
        pod["status"]["podIP"] for pod in kubernetes.get("pods", selector="spark-role=executor")
    }
    assert len(hosts) == 3

    kubernetes.kubectl("delete", "pod", driver["metadata"]["name"], "--wait=false")

    leaves_nothing_behind.assert_none(30 + WITHIN_S)
    assert program.wait() == 1
    assert "was deleted, and its executors with it." in program.text()


def assert_dashboard(
    kubernetes: Kubernetes, run_program: Callable[..., Program], pod: str, token: str
) -> None:
    """Assert that the dashboard answers requests with the token through a forwarded port."""
    port = f"{DASHBOARD}:{DASHBOARD}"
    forward = run_program(*kubernetes.kubectl_words(), "port-forward", f"pod/{pod}", port)
    url = f"http://127.0.0.1:{DASHBOARD}/api/jobs/"
    words = kubernetes.inside(sys.executable, "-c", ASKS, url, token)

    def answers() -> bool:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.stdout == "200\n"

    assert eventually(answers, 90), forward.text()
    forward.process.terminate()
    forward.wait()


def test_the_warning_for_a_pod_over_its_memory_limit_says_what_to_raise(
    start_client: Callable[..., Client],
) -> None:
    # Otherwise, Ray's memory monitor would kill the task before the kernel does.
    client = start_client(init_ray_on_spark=True, env={"RAY_memory_monitor_refresh_ms": "0"})

    error = client.ask("outgrow", 4096)

    assert "died" in error.lower(), error
    warning = re.compile(
        r"The kernel killed a process in the control group of Spark executor \d+ because memory.*"
    )
    assert eventually(lambda: warning.search(client.program.text()) is not None, 30), (
        client.program.text()
    )
    message = warning.findall(client.program.text())[0]
    assert re.search(r"limit is \d+ MiB", message), message
    assert "Raise `extra_executor_memory_for_ray` (spark.executor.memoryOverhead)" in message
