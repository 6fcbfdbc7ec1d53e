"""One measured start in a fresh process: `python -m starts.one_start REQUEST RESULT_FILE`."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starts import process_tree, session
from starts.contestant import Contestant, load
from starts.request import StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GONE_TIMEOUT_S = 30.0
ALIVE_TIMEOUT_S = 120.0
ALIVE_POLL_S = 0.02
"""Polling period for living nodes: Ray does not notify a driver about them."""


def measure(request: StartRequest) -> dict[str, Any]:
    """Time one start and one stop; an error becomes part of the result, and is never raised."""
    contestant = load(request.contestant)
    if contestant.auth_mode:
        os.environ["RAY_AUTH_MODE"] = contestant.auth_mode
    if contestant.auth_mode == "token":
        os.environ["RAY_AUTH_TOKEN"] = os.urandom(32).hex()
    process_tree.become_subreaper()
    spark = session.start(request)
    before = process_tree.descendants()
    result: dict[str, Any] = {"load_1min": os.getloadavg()[0]}
    try:
        _start(contestant, spark, request, result)
    except Exception as error:  # the report shows whatever ends a start
        result["error"] = f"{type(error).__name__}: {error}"
        result["refused"] = type(error).__name__ == contestant.slots_error
        if request.scenario != "slots" or not result["refused"]:
            traceback.print_exc()
    try:
        _stop(contestant, before, request, result)
    finally:
        spark.stop()
    return result


def _start(
    contestant: Contestant, spark: SparkSession, request: StartRequest, result: dict[str, Any]
) -> None:
    called = time.monotonic()
    try:
        marks = contestant.start(spark, request)
    finally:
        result["call_s"] = time.monotonic() - called
    nodes = request.nodes + 1
    _await_alive(nodes)
    result["start_s"] = time.monotonic() - called
    result["marks_s"] = marks
    _run_everywhere()
    result["first_tasks_s"] = time.monotonic() - called


def _await_alive(nodes: int) -> None:
    import ray

    list_nodes: Any = ray.nodes
    deadline = time.monotonic() + ALIVE_TIMEOUT_S
    while (alive := sum(node["Alive"] for node in list_nodes())) < nodes:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{alive} of {nodes} nodes are alive after {ALIVE_TIMEOUT_S:.0f} s.")
        time.sleep(ALIVE_POLL_S)


def _run_everywhere() -> None:
    """Run a task on each node with a CPU: a fast start must also work."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    @ray.remote(num_cpus=1)
    def where() -> str:
        return str(ray.get_runtime_context().get_node_id())

    list_nodes: Any = ray.nodes
    targets = [node["NodeID"] for node in list_nodes() if node["Resources"].get("CPU", 0) >= 1]
    strategies = [NodeAffinitySchedulingStrategy(target, soft=False) for target in targets]
    ran = ray.get([where.options(scheduling_strategy=strategy).remote() for strategy in strategies])
    if not targets or ran != targets:
        raise RuntimeError(f"Tasks ran on {ran}, not on {targets}.")


def _stop(
    contestant: Contestant,
    before: dict[process_tree.ProcessId, str],
    request: StartRequest,
    result: dict[str, Any],
) -> None:
    called = time.monotonic()
    if "error" not in result:
        contestant.stop()
        result["stop_call_s"] = time.monotonic() - called
    left = process_tree.await_gone(before, GONE_TIMEOUT_S)
    if not left:
        result["stop_s"] = time.monotonic() - called
    result["left_processes"] = sorted(left.values())
    result["left_after_s"] = time.monotonic() - called
    process_tree.kill(left)
    # Ray's dashboard creates pymp-* in the system's temp directory, and leaves it when killed.
    entries = [*Path(request.ray_temp_dir).iterdir(), *Path(request.scratch, "tmp").glob("pymp-*")]
    result["left_files"] = sorted(entry.name for entry in entries)


if __name__ == "__main__":
    # The result goes to a file, because Spark and Ray write to stdout and stderr.
    Path(sys.argv[2]).write_text(json.dumps(measure(StartRequest.from_json(sys.argv[1]))))
