"""One application in client mode, from its start to the end of its driver.

Each executor's pod has a Ray node, a node that ends is replaced, and nothing outlives the driver.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import venv_pack
from cluster.client import Client
from cluster.driver import ROWS
from cluster.leftovers import Leftovers, children_of, command_line, eventually, ray_processes
from cluster.small_venv import small_venv

from .cluster import Kubernetes
from .conftest import WITHIN_S, assert_none_left
from .credentials import NODE
from .image import SPARK_UID
from .namespaces import GATEWAY
from .pods import executor_pods, process

REPLACED_S = 90
GPU = "nvidia.com/gpu"
TWO_GPUS = {
    "spark.executor.resource.gpu.amount": 2,
    "spark.executor.resource.gpu.vendor": "nvidia.com",
    "spark.executor.resource.gpu.discoveryScript": str(Path(__file__).with_name("gpus.sh")),
    "spark.task.resource.gpu.amount": 1,
}
"""The devices do not exist."""
STORE_MIB = 100
SHARED_MIB = 105 + 25
"""The object store with what Ray needs besides, and staging."""


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(kubernetes: Kubernetes) -> Iterator[Leftovers]:
    """Check after the last test: the tests share one application."""
    leftovers = Leftovers.before()
    yield leftovers
    assert_none_left(kubernetes, leftovers)


@pytest.fixture(scope="module")
def gpus(kubernetes: Kubernetes) -> Iterator[None]:
    """As far as the scheduler knows, the host has GPUs: enough for a pod and its replacement."""

    def patch(value: str | None) -> None:
        change = json.dumps({"status": {"capacity": {GPU: value}}})
        kubernetes.kubectl("patch", "node", NODE, "--subresource=status", f"--patch={change}")

    def allocatable() -> str | None:
        (node,) = kubernetes.get("nodes")
        return node["status"]["allocatable"].get(GPU)

    patch("8")
    assert eventually(lambda: allocatable() == "8", 30)
    yield
    patch(None)


@pytest.fixture(scope="module")
def client(
    kubernetes: Kubernetes,
    gpus: None,
    leaves_nothing_behind: Leftovers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("client")
    archive = directory / "small.tar.gz"
    venv_pack.pack(prefix=str(small_venv(directory / "small")), output=str(archive))
    started = Client(
        directory,
        "k8s-client",
        inside=kubernetes.inside,
        master=f"k8s://{kubernetes.url}",
        object_store_memory=f"{STORE_MIB}m",
        penv_archive=str(archive),
        conf=TWO_GPUS,
        # Otherwise, Ray's memory monitor would kill a task before the kernel does.
        env={"RAY_memory_monitor_refresh_ms": "0"},
        init_ray_on_spark=True,
    )
    yield started
    started.program.end()


def test_each_executors_pod_has_a_node_at_its_own_address(
    client: Client, kubernetes: Kubernetes
) -> None:
    pods = executor_pods(kubernetes, client.application)
    nodes = {node["executor_id"]: node for node in client.ask("nodes")}

    assert len(pods) == 2
    assert nodes.pop("driver")["host"] == GATEWAY
    assert {id: node["host"] for id, node in nodes.items()} == {
        id: pod["status"]["podIP"] for id, pod in pods.items()
    }


def test_a_pods_memory_is_sized_for_ray_and_reported(
    client: Client, kubernetes: Kubernetes
) -> None:
    overhead = 384 + 512 + 512 + SHARED_MIB
    assert f"asks for {overhead} MiB on top of its heap of 512 MiB" in client.program.text()
    for pod in executor_pods(kubernetes, client.application).values():
        (container,) = pod["spec"]["containers"]
        assert container["resources"]["limits"]["memory"] == f"{512 + overhead}Mi"
    sizes = client.ask("on_nodes", "shutil.disk_usage('/dev/shm').total").values()
    assert set(sizes) == {SHARED_MIB << 20}


def test_ray_runs_as_the_images_user_without_spark_secrets(client: Client) -> None:
    assert set(client.ask("on_nodes", "os.getuid()").values()) == {SPARK_UID}
    names = client.ask("on_nodes", "[name for name in os.environ if name.startswith('SPARK_')]")
    assert all(set(found) <= {"SPARK_HOME", "SPARK_CONF_DIR"} for found in names.values())


@pytest.mark.parametrize("barrier", [True, False], ids=["barrier", "plain"])
def test_ray_starts_again_in_the_same_application(client: Client, barrier: bool) -> None:
    before = {node["host"] for node in client.ask("nodes")}

    client.ask("restart", barrier)

    assert {node["host"] for node in client.ask("nodes")} == before
    assert client.ask("count") == ROWS


def test_data_crosses_both_ways_and_stays_in_its_pod(client: Client) -> None:
    total = ROWS * (ROWS - 1) // 2
    exchanged = client.ask("round_trip")
    assert (exchanged["ray"], exchanged["spark"]) == (total, total)
    assert exchanged["local"] == 1


def test_a_node_has_the_gpus_that_spark_assigned_to_its_executor(client: Client) -> None:
    assert {node["gpus"] for node in client.ask("nodes") if node["role"] == "worker"} == {2}
    seen = "lambda: os.environ['CUDA_VISIBLE_DEVICES'].split(',')"
    visible = f"ray.get(ray.remote(num_gpus=2)({seen}).remote())"
    # Ray assigns them in any order.
    assert {",".join(sorted(seen)) for seen in client.ask("on_nodes", visible).values()} == {"4,7"}


def test_a_packed_environment_reaches_every_node(client: Client) -> None:
    prefixes = client.ask("on_nodes", "sys.prefix").values()
    assert len(prefixes) == 2
    assert all(prefix.endswith("/python_env") for prefix in prefixes)
    assert client.ask("imported", "only_here", "WORD") == ["travelled", "travelled"]


def workers(client: Client) -> dict[str, dict[str, Any]]:
    """The worker nodes that are alive, by their executors' ids."""
    alive = [node for node in client.ask("nodes") if node["state"] == "alive"]
    return {node["executor_id"]: node for node in alive if node["role"] == "worker"}


def replaced(client: Client, executor: str) -> bool:
    """Whether a node on another executor has replaced the node of this one."""
    alive = workers(client)
    return len(alive) == 2 and executor not in alive


def test_a_dead_node_is_restarted_in_place(client: Client, kubernetes: Kubernetes) -> None:
    executor = min(workers(client))
    pod = executor_pods(kubernetes, client.application)[executor]

    process(kubernetes, pod, "raylet").kill()

    assert eventually(lambda: workers(client).get(executor, {}).get("restarts") == 1, REPLACED_S), (
        client.program.text()
    )


def test_the_node_of_a_dead_executor_ends_and_is_replaced(
    client: Client, kubernetes: Kubernetes
) -> None:
    executor = min(workers(client))
    pod = executor_pods(kubernetes, client.application)[executor]
    doomed = kubernetes.pids_of(pod) & set(ray_processes())
    assert doomed

    process(kubernetes, pod, "java").kill()

    assert eventually(lambda: not doomed & set(ray_processes()), WITHIN_S)
    assert eventually(lambda: replaced(client, executor), REPLACED_S), client.program.text()


def test_the_node_of_a_deleted_pod_drains_and_is_replaced(
    client: Client, kubernetes: Kubernetes
) -> None:
    executor = min(workers(client))
    doomed = executor_pods(kubernetes, client.application)[executor]
    client.ask("begin", executor, 4.0)

    kubernetes.kubectl("delete", "pod", doomed["metadata"]["name"], "--wait=false")

    # The work there was not interrupted: the actor is never restarted.
    assert client.ask("finish") == "slept"
    assert eventually(lambda: not kubernetes.pids_of(doomed), 30)
    assert eventually(lambda: replaced(client, executor), REPLACED_S), client.program.text()


def test_the_warning_for_a_pod_over_its_memory_limit_says_what_to_raise(client: Client) -> None:
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


def test_everything_ends_with_the_drivers_jvm(
    client: Client, kubernetes: Kubernetes, leaves_nothing_behind: Leftovers
) -> None:
    of_driver = children_of(client.program.process.pid)
    (jvm,) = (child for child in of_driver if "SparkSubmit" in command_line(child))

    jvm.kill()

    leaves_nothing_behind.assert_none(WITHIN_S)

    def running() -> list[str]:
        pods = executor_pods(kubernetes, client.application).values()
        return [pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] == "Running"]

    assert eventually(lambda: not running(), WITHIN_S), running()


def test_the_next_start_sweeps_and_everything_ends_with_the_drivers_python(
    client: Client,
    kubernetes: Kubernetes,
    start_client: Callable[..., Client],
    leaves_nothing_behind: Leftovers,
) -> None:
    # With Ray, the executors are certainly up. An executor whose driver exits before that hangs in
    # Spark until Kubernetes ends its pod after the grace period.
    started = start_client(init_ray_on_spark=True)
    assert executor_pods(kubernetes, client.application) == {}

    started.program.process.kill()
    started.program.wait()

    leaves_nothing_behind.assert_none(WITHIN_S)
