"""One application in each mode: where its Ray nodes are, and what they can reach."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.driver import OBJECT_MIB, ROWS
from cluster.leftovers import Leftovers, eventually

from .conftest import Client
from .hadoop import HOSTS, Hadoop

USER = "ann"
WITHIN_S = 15.0
READERS = 3
STORE_MIB = OBJECT_MIB * 3 // 2
READINGS, STEP_MIB = 4, 103.0
"""YARN measures once per second, and reports values from 1 GB on in steps of 0.1 GB."""

USED = re.compile(r"for container-id (container_\w+): ([\d.]+) ([KMG])B of")


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(yarn: Hadoop) -> Leftovers:
    """The tests share one application: the last of them checks for leftovers."""
    return Leftovers.before()


@pytest.fixture(scope="module", params=["yarn", "yarn-cluster"])
def client(
    request: pytest.FixtureRequest,
    yarn: Hadoop,
    leaves_nothing_behind: Leftovers,
    packed_venv: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    """An application with room for a large object, however YARN counts pages.

    In cluster mode, its Python environment is an archive.
    """
    mode = request.param
    yarn.fs("-mkdir", "-p", f"/user/{USER}")
    yarn.fs("-chown", USER, f"/user/{USER}")
    archive = {"penv_archive": str(packed_venv)} if mode == "yarn-cluster" else {}
    started = Client(
        tmp_path_factory.mktemp("client"),
        mode=mode,
        cores=READERS,
        object_store_memory=f"{STORE_MIB}m",
        hadoop_user_name=USER,
        init_ray_on_spark=True,
        **archive,
    )
    yield started
    started.end()


def workers(client: Client) -> list[dict[str, Any]]:
    return [node for node in client.ask("nodes") if node["role"] == "worker"]


def test_each_host_has_a_node_at_its_executors_address(client: Client) -> None:
    assert sorted(node["host"] for node in workers(client)) == sorted(HOSTS)
    assert set(HOSTS) <= set(client.ask("executors"))


def test_the_containers_memory_is_sized_for_ray_and_reported(client: Client) -> None:
    # For the JVM, the node, the workers, the store, and the store again for each worker.
    expected = 384 + 512 + READERS * 512 + (1 + READERS) * STORE_MIB
    assert client.ask("conf", "spark.executor.memoryOverhead") == f"{expected}m"
    assert f"asks YARN for {expected} MiB on top of its heap of 512 MiB" in client.program.text()


@pytest.mark.parametrize("barrier", [False, True], ids=["plain", "barrier"])
def test_ray_starts_again_in_the_same_application(client: Client, barrier: bool) -> None:
    client.ask("restart", barrier)

    assert sorted(node["host"] for node in workers(client)) == sorted(HOSTS)
    assert client.ask("count") == ROWS


def test_data_crosses_both_ways(client: Client) -> None:
    total = ROWS * (ROWS - 1) // 2
    exchanged = client.ask("round_trip")
    assert (exchanged["ray"], exchanged["spark"]) == (total, total)


def test_a_ray_task_reads_hdfs_with_the_rights_of_the_application(
    client: Client, yarn: Hadoop
) -> None:
    words = f"/user/{USER}/words-{client.mode}"
    client.ask("write", words, ["from Spark"])
    assert client.ask("read_in_ray", f"{words}/part-00000") == "from Spark\n"
    assert all(
        task["directory"].endswith("/__spark_conf__/__hadoop_conf__")
        for task in client.ask("tasks")
    )

    assert f"{USER} " in yarn.fs("-ls", f"/user/{USER}")


def test_rays_logs_go_where_yarn_collects_them(client: Client, yarn: Hadoop) -> None:
    for node in workers(client):
        logs = Path(node["log_directory"])
        assert logs.is_relative_to(yarn.logs())
        assert logs.name.startswith("container_")
        assert logs.parent.name == client.application
        # The logs of the nodes from before the restart are already there.
        assert list(logs.glob("ray-*-executor-*-raylet.out"))
        assert {path for path in logs.iterdir() if path.is_dir()} == set()


def settled_mib(yarn: Hadoop, container: str, number: int) -> float:
    """The memory that YARN counts for a container from now on, once it no longer changes."""
    log = f"node-manager-{number}"
    since = len(yarn.daemon_log(log))

    def readings() -> list[float]:
        found = USED.findall(yarn.daemon_log(log)[since:])
        units = {"K": 1 / 1024, "M": 1.0, "G": 1024.0}
        return [float(size) * units[unit] for name, size, unit in found if name == container]

    def steady() -> bool:
        last = readings()[-READINGS:]
        return len(last) == READINGS and max(last) - min(last) <= STEP_MIB

    assert eventually(steady, within_s=60), readings()
    return readings()[-1]


def test_a_shared_object_counts_once_per_worker_or_at_most_once(
    client: Client, yarn: Hadoop
) -> None:
    containers = {node["host"]: Path(node["log_directory"]).name for node in workers(client)}

    def counted() -> list[float]:
        return [settled_mib(yarn, containers[host], number) for number, host in enumerate(HOSTS, 1)]

    client.ask("employ", READERS)
    before = counted()
    client.ask("share")
    each, once = (now - then for now, then in zip(counted(), before, strict=True))

    # The raylet has mapped it as well.
    assert each > READERS * OBJECT_MIB
    # Private pages only; nodes have some more of them after they have moved an object.
    assert once < 2 * OBJECT_MIB
    assert {node["state"] for node in workers(client)} == {"alive"}
    client.ask("dismiss")


def test_the_interpreter_is_that_of_the_client_or_of_the_archive(client: Client) -> None:
    for task in client.ask("tasks"):
        if client.mode == "yarn":
            assert task["python"] == sys.executable
        else:
            assert task["prefix"].endswith("/python_env")
    if client.mode != "yarn":
        assert client.ask("imported", "only_here", "WORD") == ["travelled", "travelled"]


def test_a_kill_through_rest_ends_ray(
    client: Client, yarn: Hadoop, leaves_nothing_behind: Leftovers
) -> None:
    yarn.kill(client.application)

    leaves_nothing_behind.assert_none(WITHIN_S)
    if client.mode != "yarn":
        assert client.program.wait() != 0
    logs = yarn.application_logs(client.application, "-appOwner", USER)
    assert "-raylet.out" in logs
    # The head runs next to the driver, which is in a container only in cluster mode.
    assert ("-head-gcs_server.out" in logs) == (client.mode != "yarn")
