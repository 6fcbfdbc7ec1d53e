"""One application in each mode, from its start to its end.

Where its Ray nodes are, what they can reach, and that Ray ends with what it runs on: a host, an
executor, a container, the application. It loses all of these, one after the other.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from cluster.driver import OBJECT_MIB, ROWS
from cluster.leftovers import Leftovers, eventually, ray_processes

from .conftest import Client
from .hadoop import HOSTS, Hadoop

USER = "ann"
WITHIN_S = 15.0
READERS = 2
STORE_MIB = OBJECT_MIB * 3 // 2
HEAP_MIB = 512
# For the JVM, the node, the workers, the store, and the store again for each worker.
OVERHEAD_MIB = 384 + 512 + READERS * 512 + (1 + READERS) * STORE_MIB
GROWTH_MIB = 6144
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
    assert client.ask("conf", "spark.executor.memoryOverhead") == f"{OVERHEAD_MIB}m"
    asked = f"asks YARN for {OVERHEAD_MIB} MiB on top of its heap of {HEAP_MIB} MiB"
    assert asked in client.program.text()


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


def alive(client: Client) -> set[str]:
    """The ids of the executors, and of the driver, whose node is alive."""
    return {node["executor_id"] for node in client.ask("nodes") if node["state"] == "alive"}


def node_replaced(client: Client, before: set[str]) -> bool:
    """Whether as many nodes are alive as before, and not all of them are the same."""
    return eventually(lambda: len(now := alive(client)) == len(before) and now != before, 60)


def test_the_node_of_a_lost_host_ends_and_is_replaced(client: Client, yarn: Hadoop) -> None:
    before = alive(client)
    jvms = client.containers()
    master_host = _host_number(Path(jvms[min(jvms)].cwd()))
    number = 3 - master_host

    def executors_there() -> list[psutil.Process]:
        return [jvm for jvm in client.executors() if _host_number(Path(jvm.cwd())) == number]

    if not executors_there():
        # YARN gave the master's host both containers, because the other one reported too late.
        client.executors()[-1].kill()
        assert node_replaced(client, before)
        before = alive(client)
    doomed = {process.pid for jvm in executors_there() for process in jvm.children(recursive=True)}
    assert doomed & set(ray_processes())

    name = f"node-manager-{number}"
    yarn.processes[name].kill()
    yarn.processes[name].wait()

    try:
        # The ResourceManager gives up a host only after it has not heard from it for a while.
        assert eventually(lambda: yarn.active_nodes() == 1, within_s=60)
        gone = lambda: not any(os.path.exists(f"/proc/{pid}") for pid in doomed)  # noqa: E731
        assert eventually(gone, WITHIN_S)
        assert node_replaced(client, before)
    finally:
        yarn.start(name)
        assert eventually(lambda: yarn.active_nodes() == 2, within_s=60)


def _host_number(container: Path) -> int:
    """The number of the NodeManager whose directories a container is in."""
    (part,) = (part for part in container.parts if part.startswith("local-"))
    return int(part.removeprefix("local-"))


def test_the_node_of_a_dead_executor_ends_and_is_replaced(client: Client) -> None:
    before = alive(client)
    executor = client.executors()[-1]
    doomed = {process.pid for process in executor.children(recursive=True)}
    assert doomed & set(ray_processes())

    executor.kill()

    assert eventually(lambda: not doomed & set(ray_processes()), WITHIN_S)
    assert node_replaced(client, before)


def test_a_container_over_its_limit_reports_what_it_held_and_what_to_raise(
    client: Client, yarn: Hadoop
) -> None:
    before = alive(client)

    error = client.ask("outgrow", GROWTH_MIB)

    assert "Died" in error or "died" in error, error
    warning = re.compile(r"Ray node \d+ was lost .* exceeding physical memory limits.*")
    assert eventually(lambda: warning.search(client.text(yarn)) is not None, 30), client.text(yarn)
    message = warning.findall(client.text(yarn))[0]
    found = re.search(r"they used (\d+) MiB \((\d+) MiB of it shared memory\)", message)
    assert found, message
    held, shared = (int(number) for number in found.groups())
    # The growth stops half-way, when container and JVM are full; none of it is shared.
    assert GROWTH_MIB / 4 < held < 2 * GROWTH_MIB, message
    assert shared < GROWTH_MIB / 4, message
    assert (
        f"in a container of {OVERHEAD_MIB + HEAP_MIB} MiB, which they share with the JVM" in message
    )
    assert re.search(r"their budget is \d+ MiB", message), message
    assert f"of which the object store may take {STORE_MIB} MiB" in message
    assert "Raise `extra_executor_memory_for_ray` (spark.executor.memoryOverhead)" in message
    assert node_replaced(client, before)


def test_yarn_application_kill_ends_ray_and_keeps_its_logs(
    client: Client, yarn: Hadoop, leaves_nothing_behind: Leftovers
) -> None:
    yarn.yarn("application", "-kill", client.application)

    leaves_nothing_behind.assert_none(WITHIN_S)
    if client.mode == "yarn-cluster":
        assert client.program.wait() != 0
    assert "Final-State : KILLED" in yarn.yarn("application", "-status", client.application)
    collected = lambda: yarn.collected_logs(client.application, "-appOwner", USER)  # noqa: E731
    head = client.mode == "yarn-cluster"
    # The head runs next to the driver, which is in a container only in cluster mode.
    names = {"-raylet.out"} | ({"-head-gcs_server.out"} if head else set())
    assert eventually(lambda: all(name in collected() for name in names), 60), collected()
    assert ("-head-gcs_server.out" in collected()) == head
