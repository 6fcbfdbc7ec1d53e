"""One application in each mode: where its Ray nodes are, and what they reach."""

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
READINGS, STEP_MIB = 6, 103.0
"""YARN counts twice in a second, and from 1 GB on says it in steps of 0.1."""

USED = re.compile(r"for container-id (container_\w+): ([\d.]+) ([KMG])B of")


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(yarn: Hadoop) -> Leftovers:
    """The last of these tests asks it: they share one application."""
    return Leftovers.before()


@pytest.fixture(scope="module", params=["yarn", "yarn-cluster"])
def client(
    request: pytest.FixtureRequest,
    yarn: Hadoop,
    leaves_nothing_behind: Leftovers,
    packed_venv: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    """It has room for a large object, however pages are counted.

    In cluster mode its Python environment is an archive.
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


def test_the_containers_memory_is_sized_for_ray_and_told(client: Client) -> None:
    # The JVM's own, the node's, the workers', the store, and the store again for each worker.
    expected = 384 + 512 + READERS * 512 + (1 + READERS) * STORE_MIB
    assert client.ask("conf", "spark.executor.memoryOverhead") == f"{expected}m"
    assert f"asks YARN for {expected} MiB beside its heap of 512 MiB" in client.program.text()


@pytest.mark.parametrize("barrier", [False, True], ids=["plain", "barrier"])
def test_ray_starts_again_in_the_same_application(client: Client, barrier: bool) -> None:
    client.ask("restart", barrier)

    assert sorted(node["host"] for node in workers(client)) == sorted(HOSTS)
    assert client.ask("count") == ROWS


def test_data_crosses_both_ways(client: Client) -> None:
    total = ROWS * (ROWS - 1) // 2
    exchanged = client.ask("round_trip")
    assert (exchanged["ray"], exchanged["spark"]) == (total, total)


def test_a_ray_task_reads_hdfs_as_the_application_may(client: Client, yarn: Hadoop) -> None:
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
        # Those of the nodes before the restart are there already.
        assert list(logs.glob("ray-*-executor-*-raylet.out"))
        assert {path for path in logs.iterdir() if path.is_dir()} == set()


def settled_mib(yarn: Hadoop, container: str, number: int) -> float:
    """What YARN counts for a container from now on, as soon as it no longer changes."""
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


def test_an_object_that_workers_share_counts_for_each_or_once_at_most(
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
    # Private pages alone, of which the nodes have some more when they have moved an object.
    assert once < 2 * OBJECT_MIB
    assert {node["state"] for node in workers(client)} == {"alive"}
    client.ask("dismiss")


def test_the_interpreter_is_the_clients_or_the_archives(client: Client) -> None:
    for task in client.ask("tasks"):
        if client.mode == "yarn":
            assert task["python"] == sys.executable
        else:
            assert task["prefix"].endswith("/python_env")
    if client.mode != "yarn":
        assert client.ask("imported", "only_here", "WORD") == ["travelled", "travelled"]


def test_the_rest_kill_takes_ray_along(
    client: Client, yarn: Hadoop, leaves_nothing_behind: Leftovers
) -> None:
    yarn.kill(client.application)

    leaves_nothing_behind.assert_none(WITHIN_S)
    if client.mode != "yarn":
        assert client.program.wait() != 0
    logs = yarn.application_logs(client.application, "-appOwner", USER)
    assert "-raylet.out" in logs
    # The head's is beside its driver.
    assert ("-head-gcs_server.out" in logs) == (client.mode != "yarn")
