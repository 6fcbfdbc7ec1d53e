"""Real processes are killed with SIGKILL, and those that depend on them end too."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from .leftovers import (
    Leftovers,
    child_named,
    eventually,
    executors_under,
    ray_processes,
)
from .program import Program
from .sessions import LOCAL_CLUSTER_ENV, PREAMBLE

GONE_WITHIN_S = 5.0

RUNNING_CLUSTER = (
    PREAMBLE
    + """
import ray
spark = session()
cluster = RayCluster.start(spark, num_nodes=2, cpus_per_node=1, object_store_memory="100m")
gateway = spark.sparkContext._gateway.proc.pid
say(os.getpid(), gateway, *[n.pid for n in cluster.nodes])
while True:
    command = sys.stdin.readline().strip()
    if command == "nodes":
        say(" ".join(f"{n.state}:{n.restarts}" for n in cluster.nodes))
    elif command == "alive":
        say(len([n for n in ray.nodes() if n["Alive"]]))
    elif command == "count":
        say(spark.range(100).repartition(4).count())
    elif command == "state":
        say(cluster.state, ray.is_initialized())
    elif command in ("stop", ""):
        cluster.stop()
        spark.stop()
        say("stopped")
        break
"""
)


@pytest.fixture
def running(run_program: Callable[..., Program]) -> tuple[Program, int, list[int]]:
    """A program with a running cluster, the pid of its JVM, and those of its nodes."""
    program = run_program(RUNNING_CLUSTER, env=LOCAL_CLUSTER_ENV)
    _, gateway, *nodes = (int(word) for word in program.line().split())
    return program, gateway, nodes


def gateway_jvm(pid: int) -> int:
    """The JVM itself: Spark's launcher script replaces itself with it, or is its parent."""
    process = psutil.Process(pid)
    for candidate in [process, *process.children()]:
        if "java" in candidate.name():
            return int(candidate.pid)
    raise AssertionError(f"no JVM under {process}")


def raylet_of(ray_start: int) -> psutil.Process:
    return child_named(ray_start, "raylet")


def nodes_with_agents(base: Path) -> int:
    """Count the nodes whose agents, which start after them, have written their last file."""
    return min(
        len(list(base.rglob(f"{port}_*")))
        for port in ("runtime_env_agent_port", "dashboard_agent_listen_port")
    )


def ask(program: Program, question: str) -> str:
    program.say(question)
    return program.line()


def test_a_node_whose_raylet_is_killed_restarts_and_the_restart_is_visible(running) -> None:
    program, _, nodes = running
    raylet_of(nodes[1]).kill()
    assert eventually(lambda: "alive:1" in ask(program, "nodes"), within_s=40)
    assert eventually(lambda: ask(program, "alive") == "3", within_s=20)
    assert ask(program, "count") == "100"
    assert ask(program, "stop") == "stopped"


def test_the_ray_node_of_a_killed_executor_ends_too(
    running, leaves_nothing_behind: Leftovers
) -> None:
    program, gateway, nodes = running
    executor = next(
        e
        for e in executors_under(psutil.Process(gateway))
        if any(c.pid == nodes[1] for c in e.children(recursive=True))
    )
    doomed = {p.pid for p in executor.children(recursive=True)}
    executor.kill()
    assert eventually(lambda: not doomed & set(ray_processes()), GONE_WITHIN_S)
    assert ask(program, "count") == "100"
    assert ask(program, "stop") == "stopped"


def test_ray_ends_with_a_killed_driver_jvm_and_python_stays_alive(
    running, leaves_nothing_behind: Leftovers
) -> None:
    program, gateway, _ = running
    os.kill(gateway_jvm(gateway), signal.SIGKILL)
    leaves_nothing_behind.assert_none(GONE_WITHIN_S)
    assert program.process.poll() is None


def test_ray_ends_with_a_killed_python_driver(running, leaves_nothing_behind: Leftovers) -> None:
    program, _, _ = running
    program.process.kill()
    program.wait()
    leaves_nothing_behind.assert_none(GONE_WITHIN_S)


def test_a_dead_head_ends_the_cluster_and_leaves_nothing(
    running, leaves_nothing_behind: Leftovers
) -> None:
    _program, _, nodes = running
    raylet_of(nodes[0]).kill()
    leaves_nothing_behind.assert_none(15)


FEW_FILES = 6000
"""Inodes of the file system with the nodes' directories: enough for Ray, and quickly used up."""


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A separate file system, which a test can fill without filling the machine's."""
    # Ray's sockets leave few bytes for the name of a temp directory.
    base = Path(tempfile.mkdtemp(prefix="rd", dir="/tmp"))
    options = f"size=512m,nr_inodes={FEW_FILES},mode=1777"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "small", str(base)],
        capture_output=True,
        check=False,
        text=True,
    )
    if mounted.returncode:
        base.rmdir()
        pytest.skip(f"A file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield base
    finally:
        subprocess.run(["umount", "--lazy", str(base)], check=True)
        base.rmdir()


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Creates files until the disk has room for none, even when a node that ends makes room."""
    filler = disk / "filler"
    filler.mkdir()
    emptied = threading.Event()

    def fill() -> None:
        for number in itertools.count():
            try:
                (filler / str(number)).touch()
            except OSError:
                if emptied.wait(0.01):
                    return

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        assert eventually(lambda: os.statvfs(disk).f_favail == 0, within_s=20)
        yield
    finally:
        emptied.set()
        thread.join()
        shutil.rmtree(filler)


def test_a_node_that_cannot_be_prepared_again_comes_back_and_the_others_run_on(
    run_program: Callable[..., Program], small_disk: Path
) -> None:
    source = RUNNING_CLUSTER.replace("cpus_per_node=1", f'cpus_per_node=1, temp_dir="{small_disk}"')
    assert source != RUNNING_CLUSTER
    program = run_program(source, env=LOCAL_CLUSTER_ENV)
    _, _, *nodes = (int(word) for word in program.line().split())
    # An agent that starts on a full disk cannot write its files, and ends its node.
    assert eventually(lambda: nodes_with_agents(small_disk) == 3, within_s=60)
    with filled(small_disk):
        raylet_of(nodes[1]).kill()
        # The restart counts when the first back-off is over: the node could not be prepared.
        assert eventually(lambda: "restarting:1" in ask(program, "nodes"), within_s=40)
        assert ask(program, "nodes").count("alive:0") == 2
        assert ask(program, "state").split()[0] == "running"

    assert eventually(lambda: ask(program, "nodes").count("alive") == 3, within_s=60)
    assert ask(program, "count") == "100"
    assert ask(program, "stop") == "stopped"
