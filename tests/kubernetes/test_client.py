"""One application in client mode: each executor's pod has a Ray node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster.client import Client
from cluster.driver import ROWS
from cluster.leftovers import Leftovers

from .cluster import Kubernetes
from .conftest import WITHIN_S, assert_nothing_of_spark
from .image import SPARK_UID
from .namespaces import GATEWAY
from .pods import executor_pods

STORE_MIB = 100
SHARED_MIB = 105 + 25
"""The object store with what Ray needs besides, and staging."""


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(kubernetes: Kubernetes) -> Iterator[Leftovers]:
    """Check after the last test: the tests share one application."""
    leftovers = Leftovers.before()
    yield leftovers
    leftovers.assert_none(WITHIN_S)
    assert_nothing_of_spark(kubernetes)


@pytest.fixture(scope="module")
def client(
    kubernetes: Kubernetes,
    leaves_nothing_behind: Leftovers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    started = Client(
        tmp_path_factory.mktemp("client"),
        "k8s-client",
        inside=kubernetes.inside,
        master=f"k8s://{kubernetes.url}",
        object_store_memory=f"{STORE_MIB}m",
        init_ray_on_spark=True,
    )
    yield started
    started.ask("stop")
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


@pytest.mark.parametrize("barrier", [False, True], ids=["plain", "barrier"])
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
