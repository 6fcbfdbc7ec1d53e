"""Whatever ends an application on YARN, or a part of it, Ray ends with it, on every host."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.leftovers import Leftovers, eventually, ray_processes
from cluster.program import Program

from .conftest import Client, containers
from .hadoop import HOSTS, Hadoop

WITHIN_S = 15.0

WAITS = """
import sys, time
from rayonspark import init_orca_context
init_orca_context("yarn-cluster", cores=1, memory="512m", num_nodes=2, init_ray_on_spark=True,
                  object_store_memory="100m")
open(sys.argv[1], "w").close()
time.sleep(600)
"""


def by_rest(yarn: Hadoop, application: str) -> None:
    yarn.kill(application)


def by_command_line(yarn: Hadoop, application: str) -> None:
    client = "org.apache.hadoop.yarn.client.cli.ApplicationCLI"
    yarn.command(client, "application", "-kill", application)


def by_the_masters_death(yarn: Hadoop, application: str) -> None:
    """Its container is the first one."""
    jvms = containers(application)
    jvms[min(jvms)].kill()


@pytest.mark.parametrize("end", [by_rest, by_command_line, by_the_masters_death])
def test_an_application_in_client_mode_takes_ray_along(
    end: Callable[[Hadoop, str], None],
    yarn: Hadoop,
    start_client: Callable[..., Client],
    leaves_nothing_behind: Leftovers,
) -> None:
    client = start_client(init_ray_on_spark=True)
    assert len(client.ask("nodes")) == 3

    end(yarn, client.application)

    leaves_nothing_behind.assert_none(WITHIN_S)


def test_a_drivers_death_takes_ray_along(
    start_client: Callable[..., Client], leaves_nothing_behind: Leftovers
) -> None:
    client = start_client(init_ray_on_spark=True)

    client.program.process.kill()
    client.program.wait()

    leaves_nothing_behind.assert_none(WITHIN_S)


def test_an_executors_death_takes_its_node_along_and_another_comes(
    start_client: Callable[..., Client],
) -> None:
    client = start_client(init_ray_on_spark=True)
    jvms = client.containers()
    executor = jvms[max(jvms)]
    doomed = {process.pid for process in executor.children(recursive=True)}
    assert doomed & set(ray_processes())

    executor.kill()

    assert eventually(lambda: not doomed & set(ray_processes()), WITHIN_S)
    assert eventually(lambda: alive(client) == 3, within_s=60)
    assert client.ask("stop") is None


def alive(client: Client) -> int:
    return sum(node["state"] == "alive" for node in client.ask("nodes"))


@pytest.mark.parametrize("end", [by_rest, by_the_masters_death])
def test_an_application_in_cluster_mode_takes_ray_along(
    end: Callable[[Hadoop, str], None],
    yarn: Hadoop,
    run_program: Callable[..., Program],
    tmp_path: Path,
    leaves_nothing_behind: Leftovers,
) -> None:
    script, up = tmp_path / "waits.py", tmp_path / "up"
    script.write_text(WAITS)
    client = run_program(sys.executable, str(script), str(up))
    assert eventually(up.exists, within_s=180), client.text()
    (application,) = (a["id"] for a in yarn.applications() if a["state"] == "RUNNING")

    end(yarn, application)

    leaves_nothing_behind.assert_none(WITHIN_S)
    assert client.wait() != 0


def test_a_container_that_outgrows_its_memory_says_what_to_raise(
    start_client: Callable[..., Client],
) -> None:
    client = start_client(init_ray_on_spark=True, extra_executor_memory_for_ray="1g")

    error = client.ask("outgrow", 2048)

    assert "Died" in error or "died" in error, error
    assert eventually(lambda: "exceeding physical memory limits" in client.program.text(), 30)
    told = next(line for line in client.program.output if "is gone with Spark executor" in line)
    assert re.search(r"they were to stay within \d+ MiB", told), told
    assert "of which the object store may take 100 MiB" in told
    assert "Raise `extra_executor_memory_for_ray` (spark.executor.memoryOverhead)" in told
    assert eventually(lambda: alive(client) == 3, within_s=60)


def test_a_lost_host_takes_its_node_along(
    yarn: Hadoop, start_client: Callable[..., Client]
) -> None:
    client = start_client(init_ray_on_spark=True)
    (doomed,) = (n["pid"] for n in client.ask("nodes") if n["host"] == HOSTS[1])

    yarn.processes["node-manager-2"].kill()
    yarn.processes["node-manager-2"].wait()

    try:
        # The ResourceManager believes it when the host has not been heard of for a while.
        assert eventually(lambda: yarn.active_nodes() == 1, within_s=60)
        assert eventually(lambda: not os.path.exists(f"/proc/{doomed}"), WITHIN_S)
    finally:
        yarn.start("node-manager-2")
        assert eventually(lambda: yarn.active_nodes() == 2, within_s=60)
