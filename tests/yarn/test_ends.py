"""What ends on YARN takes its Ray along: an executor, a container, a host, an application.

One application in each mode, which loses all of these one after the other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.leftovers import Leftovers, eventually, ray_processes

from .conftest import Client
from .hadoop import Hadoop

WITHIN_S = 15.0
OVERHEAD_MIB, GROWTH_MIB = 1024, 2048


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(yarn: Hadoop) -> Leftovers:
    """The last of these tests asks it: they share one application."""
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
    """The executors, and the driver, that have a node which is alive."""
    return {node["executor_id"] for node in client.ask("nodes") if node["state"] == "alive"}


def another_came(client: Client, before: set[str]) -> bool:
    """Whether as many nodes live as before, and not all of them are the same."""
    return eventually(lambda: len(now := alive(client)) == len(before) and now != before, 60)


def test_a_lost_host_takes_its_node_along(client: Client, yarn: Hadoop) -> None:
    before = alive(client)
    jvms = client.containers()
    masters = _host_number(Path(jvms[min(jvms)].cwd()))
    number = 3 - masters
    doomed = {
        process.pid
        for jvm in client.executors()
        if _host_number(Path(jvm.cwd())) == number
        for process in jvm.children(recursive=True)
    }
    assert doomed & set(ray_processes())

    name = f"node-manager-{number}"
    yarn.processes[name].kill()
    yarn.processes[name].wait()

    try:
        # The ResourceManager believes it when the host has not been heard of for a while.
        assert eventually(lambda: yarn.active_nodes() == 1, within_s=60)
        gone = lambda: not any(os.path.exists(f"/proc/{pid}") for pid in doomed)  # noqa: E731
        assert eventually(gone, WITHIN_S)
        assert another_came(client, before)
    finally:
        yarn.start(name)
        assert eventually(lambda: yarn.active_nodes() == 2, within_s=60)


def _host_number(container: Path) -> int:
    """Which NodeManager's directories it is in."""
    (part,) = (part for part in container.parts if part.startswith("local-"))
    return int(part.removeprefix("local-"))


def test_an_executors_death_takes_its_node_along_and_another_comes(client: Client) -> None:
    before = alive(client)
    executor = client.executors()[-1]
    doomed = {process.pid for process in executor.children(recursive=True)}
    assert doomed & set(ray_processes())

    executor.kill()

    assert eventually(lambda: not doomed & set(ray_processes()), WITHIN_S)
    assert another_came(client, before)


def test_a_container_that_outgrows_its_memory_says_what_it_held_and_what_to_raise(
    client: Client, yarn: Hadoop
) -> None:
    before = alive(client)

    error = client.ask("outgrow", GROWTH_MIB)

    assert "Died" in error or "died" in error, error
    warning = re.compile(r"Ray node \d+ is gone .* exceeding physical memory limits.*")
    assert eventually(lambda: warning.search(client.said(yarn)) is not None, 30), client.said(yarn)
    told = warning.findall(client.said(yarn))[0]
    found = re.search(r"they held (\d+) MiB \((\d+) MiB of it shared memory\)", told)
    assert found, told
    held, shared = (int(number) for number in found.groups())
    # Growing is stopped half-way, when container and JVM are full; nothing of that is shared.
    assert GROWTH_MIB / 4 < held < 2 * GROWTH_MIB, told
    assert shared < GROWTH_MIB / 4, told
    assert f"in a container of {OVERHEAD_MIB + 512} MiB for them and the JVM" in told
    assert re.search(r"they were to stay within \d+ MiB", told), told
    assert "of which the object store may take 100 MiB" in told
    assert "Raise `extra_executor_memory_for_ray` (spark.executor.memoryOverhead)" in told
    assert another_came(client, before)


def test_yarn_application_kill_takes_ray_along_and_its_logs_stay(
    client: Client, yarn: Hadoop, leaves_nothing_behind: Leftovers
) -> None:
    yarn.yarn("application", "-kill", client.application)

    leaves_nothing_behind.assert_none(WITHIN_S)
    if client.mode == "yarn-cluster":
        assert client.program.wait() != 0
    assert "Final-State : KILLED" in yarn.yarn("application", "-status", client.application)
    collected = lambda: yarn.collected_logs(client.application)  # noqa: E731
    assert eventually(lambda: "-raylet.out" in collected(), within_s=60), collected()
