"""Spark returns idle containers to YARN, and keeps those that have a Ray node."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cluster.driver import ROWS
from cluster.leftovers import Leftovers, eventually

from .conftest import Client
from .hadoop import Hadoop

DYNAMIC = {
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.initialExecutors": "3",
    "spark.dynamicAllocation.minExecutors": "0",
    "spark.dynamicAllocation.executorIdleTimeout": "2s",
}
WITHIN_S = 15.0


@pytest.mark.parametrize("mode", ["yarn", "yarn-cluster"])
def test_executors_with_a_node_stay_and_the_idle_one_is_removed(
    mode: str,
    yarn: Hadoop,
    start_client: Callable[..., Client],
    leaves_nothing_behind: Leftovers,
) -> None:
    client = start_client(
        mode=mode,
        cores=2,
        num_ray_nodes=2,
        ray_node_cpu_cores=1,
        conf=DYNAMIC,
        init_ray_on_spark=True,
    )

    nodes = {node["executor_id"] for node in client.ask("nodes")} - {"driver"}

    assert len(nodes) == 2
    # The executors of Spark's default profile are those with a node, which holds one slot.
    assert eventually(lambda: client.ask("slots") == dict.fromkeys(nodes, 1), within_s=60)
    assert client.ask("count") == ROWS
    assert [node["state"] for node in client.ask("nodes")] == ["alive"] * 3
    (warning,) = (line for line in client.text(yarn).splitlines() if "barrier scheduling" in line)
    assert " WARN " in warning

    # In cluster mode, this kills the driver as well.
    jvms = client.containers()
    jvms[min(jvms)].kill()

    leaves_nothing_behind.assert_none(WITHIN_S)
