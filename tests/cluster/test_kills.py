"""What dies, and what must not outlive it: real processes, SIGKILL."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import psutil
import pytest

from .leftovers import Leftovers, eventually, executors_under, ray_processes
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
    """The JVM itself: Spark's launcher script replaces itself by it, or is its parent."""
    process = psutil.Process(pid)
    for candidate in [process, *process.children()]:
        if "java" in candidate.name():
            return int(candidate.pid)
    raise AssertionError(f"no JVM under {process}")


def raylet_of(ray_start: int) -> psutil.Process:
    children = psutil.Process(ray_start).children(recursive=True)
    return next(p for p in children if p.name() == "raylet")


def ask(program: Program, question: str) -> str:
    program.say(question)
    return program.line()


def test_a_killed_raylet_is_started_again_and_the_restart_is_visible(running) -> None:
    program, _, nodes = running
    raylet_of(nodes[1]).kill()
    assert eventually(lambda: "alive:1" in ask(program, "nodes"), within_s=40)
    assert eventually(lambda: ask(program, "alive") == "3", within_s=20)
    assert ask(program, "count") == "100"
    assert ask(program, "stop") == "stopped"


def test_a_killed_executor_takes_its_ray_node_along(
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


def test_a_killed_driver_jvm_takes_ray_along_and_leaves_python_alive(
    running, leaves_nothing_behind: Leftovers
) -> None:
    program, gateway, _ = running
    os.kill(gateway_jvm(gateway), signal.SIGKILL)
    leaves_nothing_behind.assert_none(GONE_WITHIN_S)
    assert program.process.poll() is None


def test_a_killed_python_driver_takes_ray_along(running, leaves_nothing_behind: Leftovers) -> None:
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
