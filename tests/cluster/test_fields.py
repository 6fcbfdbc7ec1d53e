"""Ray's nodes are as the fields of the cluster say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import ray
from pyspark.sql import SparkSession
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from rayonspark import RayCluster, RayNode

from .leftovers import (
    Leftovers,
    children_of,
    command_line,
    eventually,
    listened_ports,
    listening,
    none_left,
)
from .sessions import local_cluster
from .test_slots import held_slots

MIB = 1024**2
# Below the ephemeral ports of Linux.
FIRST_PORT = 20000 + os.getpid() % 100 * 100
GCS = FIRST_PORT
CLIENT = FIRST_PORT + 1
OTHERS = range(FIRST_PORT + 2, FIRST_PORT + 50)
WORKERS = range(FIRST_PORT + 50, FIRST_PORT + 80)


# The tests share a cluster: it must be gone when the last of them has ended.
leaves_nothing_behind = pytest.fixture(scope="module", autouse=True)(none_left)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fields")


@pytest.fixture(scope="module")
def spark(leaves_nothing_behind: Leftovers) -> Iterator[SparkSession]:
    with local_cluster(workers=2, cores=2) as session:
        yield session


@pytest.fixture(scope="module")
def cluster(spark: SparkSession, base: Path) -> Iterator[RayCluster]:
    plasma = base / "plasma"
    plasma.mkdir()
    with RayCluster.start(
        spark,
        cpus_per_node=1,
        head_cpus=1,
        memory="200m",
        object_store_memory="100m",
        resources={"house": 3},
        labels={"team": "data"},
        env={"GREETING": "hello"},
        head_args=["--disable-usage-stats"],
        worker_args=[f"--plasma-directory={plasma}"],
        ports=(
            f"gcs={GCS},client_server={CLIENT},range={OTHERS[0]}-{OTHERS[-1]},"
            f"worker={WORKERS[0]}-{WORKERS[-1]}"
        ),
        slots="reserved",
        spill_dir=base / "spill",
        log_dir=base / "logs",
        dashboard=False,
    ) as started:
        yield started


@pytest.fixture(scope="module")
def workers(cluster: RayCluster) -> list[RayNode]:
    return cluster.nodes[1:]


def seen_by_ray(node: RayNode) -> dict[str, object]:
    return next(seen for seen in ray.nodes() if seen["NodeID"] == node.ray_node_id)


def on(node: RayNode) -> NodeAffinitySchedulingStrategy:
    return NodeAffinitySchedulingStrategy(node.ray_node_id, soft=False)


def processes_of(node: RayNode) -> list[psutil.Process]:
    return [psutil.Process(node.pid), *children_of(node.pid)]


def test_every_executor_has_a_node_if_num_nodes_is_not_given(cluster: RayCluster) -> None:
    assert {node.executor_id for node in cluster.nodes} == {"driver", "0", "1"}


def test_ray_nodes_have_the_requested_resources(
    cluster: RayCluster, workers: list[RayNode]
) -> None:
    head = seen_by_ray(cluster.nodes[0])["Resources"]
    assert (head["CPU"], head.get("house")) == (1, None)
    for node in workers:
        resources = seen_by_ray(node)["Resources"]
        assert (resources["CPU"], resources["house"]) == (1, 3)
        assert resources["memory"] == 200 * MIB
        assert resources["object_store_memory"] == 100 * MIB


def test_ray_nodes_have_the_requested_labels(cluster: RayCluster, workers: list[RayNode]) -> None:
    for node in cluster.nodes:
        labels = seen_by_ray(node)["Labels"]
        assert labels["rayonspark.org/executor-id"] == node.executor_id
        assert labels["rayonspark.org/host"] == node.host
        assert labels.get("team") == (None if node.role == "head" else "data")


def test_a_task_sees_the_environment_variables(workers: list[RayNode]) -> None:
    greeting = ray.remote(lambda: os.environ.get("GREETING"))
    asked = [greeting.options(scheduling_strategy=on(node)).remote() for node in workers]
    assert ray.get(asked) == ["hello"] * 2


def test_worker_args_reach_only_the_workers(
    cluster: RayCluster, workers: list[RayNode], base: Path
) -> None:
    def plasma(node: RayNode) -> bool:
        return any(str(base / "plasma") in command_line(p) for p in processes_of(node))

    assert [plasma(node) for node in cluster.nodes] == [False, True, True]


def test_ray_uses_only_the_given_ports(cluster: RayCluster, workers: list[RayNode]) -> None:
    @ray.remote
    def port_of_worker() -> None:
        return None

    ray.get([port_of_worker.options(scheduling_strategy=on(node)).remote() for node in workers])
    assert cluster.address.endswith(f":{GCS}")
    for node in cluster.nodes:
        ports = listened_ports(processes_of(node))
        assert set(node.ports.values()) & set(ports), ports
        outside = {p: who for p, who in ports.items() if p not in (GCS, CLIENT, *OTHERS, *WORKERS)}
        assert outside == {}
        assert any(p in WORKERS for p in ports) or node.role == "head"


def test_ray_client_connects_with_the_token_if_its_port_is_set(cluster: RayCluster) -> None:
    assert cluster.nodes[0].ports["client_server"] == CLIENT
    assert eventually(lambda: listening(CLIENT), within_s=60)
    head = processes_of(cluster.nodes[0])
    (server,) = (process for process in head if "ray.util.client.server" in command_line(process))
    # With gRPC's fork support, one of some 20 connections ended with the server's new process.
    assert server.environ()["GRPC_ENABLE_FORK_SUPPORT"] == "0"
    program = f"import ray; ray.init('ray://127.0.0.1:{CLIENT}'); print('nodes', len(ray.nodes()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | cluster.env | {"RAY_ADDRESS": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    logs = Path(cluster.address_info["session_dir"]).glob("logs/ray_client_server*")
    assert "nodes 3" in done.stdout, "\n".join([done.stderr, *(log.read_text() for log in logs)])


def test_nodes_hold_task_slots_if_the_user_reserves_them(
    spark: SparkSession, cluster: RayCluster
) -> None:
    assert eventually(lambda: held_slots(spark) == {"0": 1, "1": 1}, within_s=30)
    # Spark can still use the other slot of each executor.
    assert spark.range(100).repartition(2).count() == 100


def test_the_dashboard_can_be_off(cluster: RayCluster) -> None:
    assert cluster.address_info["webui_url"] == ""
    assert not listening(cluster.nodes[0].ports["dashboard"])
    lines = [command_line(process) for process in children_of(cluster.nodes[0].pid)]
    assert any("gcs_server" in line for line in lines), lines
    assert not any("/dashboard.py" in line for line in lines)


def test_objects_spill_and_their_files_are_removed_with_the_cluster(
    spark: SparkSession, cluster: RayCluster, workers: list[RayNode], base: Path
) -> None:
    @ray.remote
    def fill() -> tuple[int, list[ray.ObjectRef]]:
        import numpy as np

        blocks = [ray.put(np.full(40 * MIB, i, dtype=np.uint8)) for i in range(4)]
        return sum(int(ray.get(block)[-1]) for block in blocks), blocks

    total, blocks = ray.get(fill.options(scheduling_strategy=on(workers[0])).remote())
    assert total == 6
    assert eventually(lambda: files_below(base / "spill"), within_s=30)
    logs = [Path(node.log_directory) for node in cluster.nodes]
    del blocks
    cluster.stop()
    assert list((base / "spill").iterdir()) == []
    assert all(list(directory.rglob("raylet.out")) for directory in logs)
    assert all(directory.is_relative_to(base / "logs") for directory in logs)


def files_below(directory: Path) -> bool:
    return any(path.is_file() for path in directory.rglob("*"))


def test_the_ports_are_free_again_after_the_stop(cluster: RayCluster) -> None:
    for port in (GCS, CLIENT, *OTHERS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
