"""Spark gives idle containers back to YARN, and keeps those that have a Ray node."""

from __future__ import annotations

from collections.abc import Callable

from cluster.leftovers import eventually

from .conftest import Client
from .driver import ROWS

DYNAMIC = {
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.initialExecutors": "3",
    "spark.dynamicAllocation.minExecutors": "0",
    "spark.dynamicAllocation.executorIdleTimeout": "2s",
}


def test_the_nodes_executors_stay_and_the_idle_one_goes(
    start_client: Callable[..., Client],
) -> None:
    client = start_client(
        cores=2,
        num_ray_nodes=2,
        ray_node_cpu_cores=1,
        conf=DYNAMIC,
        init_ray_on_spark=True,
    )

    nodes = {node["executor_id"] for node in client.ask("nodes")} - {"driver"}

    assert len(nodes) == 2
    # The executors of Spark's default profile are the nodes', and one slot of each is held.
    assert eventually(lambda: client.ask("slots") == dict.fromkeys(nodes, 1), within_s=60)
    assert client.ask("count") == ROWS
    assert [node["state"] for node in client.ask("nodes")] == ["alive"] * 3
