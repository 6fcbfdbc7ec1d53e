"""Ray ends with what it runs on: an executor, a container, a host, an application.

One application in each mode loses all of these, one after the other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from cluster.leftovers import Leftovers, eventually, ray_processes

from .conftest import Client
from .hadoop import Hadoop

WITHIN_S = 15.0
OVERHEAD_MIB, GROWTH_MIB = 1024, 2048


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(yarn: Hadoop) -> Leftovers:
    """The tests share one application: the last of them checks for leftovers."""
    return Leftovers.before()


@pytest.fixture(scope="module", params=["yarn", "yarn-cluster"])
def client(
    request: pytest.FixtureRequest,
    yarn: Hadoop,
    leaves_nothing_behind: Leftovers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    started = Client(
        tmp_path_factory.mktemp("ends"),
        mode=request.param,
        extra_executor_memory_for_ray=f"{OVERHEAD_MIB}m",
        init_ray_on_spark=True,
    )
    yield started
    started.end()


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
    assert f"in a container of {OVERHEAD_MIB + 512} MiB, which they share with the JVM" in message
    assert re.search(r"their budget is \d+ MiB", message), message
    assert "of which the object store may take 100 MiB" in message
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
    collected = lambda: yarn.collected_logs(client.application)  # noqa: E731
    assert eventually(lambda: "-raylet.out" in collected(), within_s=60), collected()
