"""Executors that shut down gracefully: their nodes finish their work, and others replace them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import psutil
import pytest

from .leftovers import Leftovers, eventually, executors_under, ray_processes
from .program import Program
from .sessions import LOCAL_CLUSTER_ENV, PREAMBLE

START_S = 300.0
"""Limit until a task runs, on a machine that is busy with other things too."""

CLUSTER_OF_TWO = (
    PREAMBLE
    + """
import pathlib, ray
spark = session(**{"spark.decommission.enabled": "true"})
cluster = RayCluster.start(spark, num_nodes=2, cpus_per_node=1, object_store_memory="100m")
begun = pathlib.Path("begun").absolute()

@ray.remote(num_cpus=1, max_retries=0)
def late():
    here = ray.get_runtime_context().get_node_id()
    begun.with_suffix(".part").write_text(here)
    begun.with_suffix(".part").rename(begun)
    time.sleep(3)
    return here

running = late.remote()
while not begun.exists():
    time.sleep(0.1)
node = next(n for n in cluster.nodes if n.ray_node_id == begun.read_text())
say(spark.sparkContext._gateway.proc.pid, node.pid, node.executor_id)
say("finished", ray.get(running) == node.ray_node_id)
while True:
    command = sys.stdin.readline().strip()
    if command == "nodes":
        say(" ".join(f"{n.executor_id}:{n.state}" for n in cluster.nodes))
    elif command == "alive":
        say(len([n for n in ray.nodes() if n["Alive"]]))
    else:
        cluster.stop()
        spark.stop()
        say("stopped")
        break
"""
)


@pytest.mark.parametrize("signum", [signal.SIGPWR, signal.SIGTERM], ids=lambda s: s.name)
def test_the_node_of_a_leaving_executor_finishes_its_work_and_is_replaced(
    run_program: Callable[..., Program], leaves_nothing_behind: Leftovers, signum: signal.Signals
) -> None:
    program = run_program(CLUSTER_OF_TWO, env=LOCAL_CLUSTER_ENV)
    gateway, node, executor_id = program.line(START_S).split()
    executor = executor_above(int(gateway), int(node))
    doomed = {p.pid for p in executor.children(recursive=True)} & set(ray_processes())
    assert int(node) in doomed

    os.kill(executor.pid, signum)

    assert program.line() == "finished True"
    assert eventually(lambda: not doomed & set(ray_processes()), within_s=20)
    assert eventually(lambda: not executor.is_running(), within_s=20)
    assert eventually(lambda: states(program)[executor_id] == "drained", within_s=20)
    # A third executor takes the place of the one that left.
    assert eventually(lambda: list(states(program).values()).count("alive") == 3, within_s=120)
    assert eventually(lambda: ask(program, "alive") == "3", within_s=20)
    assert ask(program, "stop") == "stopped"
    warnings = [line for line in program.output if "WARN" in line and "Ray node" in line]
    assert warnings == []


def executor_above(gateway: int, node: int) -> psutil.Process:
    """The executor that a node's process runs next to."""
    for executor in executors_under(psutil.Process(gateway)):
        if any(child.pid == node for child in executor.children(recursive=True)):
            return executor
    raise AssertionError(f"no executor above {node}")


def states(program: Program) -> dict[str, str]:
    """The state of each executor's node."""
    return dict(node.split(":") for node in ask(program, "nodes").split())


def ask(program: Program, question: str) -> str:
    program.say(question)
    return program.line()
