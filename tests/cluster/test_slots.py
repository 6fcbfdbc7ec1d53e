"""Nodes that hold slots of their executors: by the user's choice, and with dynamic allocation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession
from rayonspark import RayCluster

from .leftovers import eventually
from .sessions import local_cluster

DYNAMIC = {
    "spark.executor.cores": "2",
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.initialExecutors": "3",
    "spark.dynamicAllocation.minExecutors": "0",
    "spark.dynamicAllocation.executorIdleTimeout": "2s",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with local_cluster(workers=3, cores=2, **DYNAMIC) as session:
        yield session


def test_dynamic_allocation_removes_idle_executors_but_keeps_those_with_a_node(
    spark: SparkSession,
) -> None:
    with RayCluster.start(
        spark, num_nodes=2, cpus_per_node=1, object_store_memory="100m"
    ) as cluster:
        nodes = {node.executor_id for node in cluster.nodes} - {"driver"}
        assert len(nodes) == 2
        one_each = dict.fromkeys(nodes, 1)
        assert eventually(lambda: executors(spark) == nodes, within_s=30)
        assert eventually(lambda: held_slots(spark) == one_each, within_s=30)
        # Spark can still use one slot of each. (A shuffle would keep executors, too.)
        assert spark.sparkContext.parallelize(range(1000), 4).count() == 1000
        spark.sparkContext.cancelAllJobs()
        assert eventually(lambda: held_slots(spark) == one_each, within_s=30)
        assert [node.state for node in cluster.nodes] == ["alive"] * 3
    assert eventually(lambda: executors(spark) == set(), within_s=30)


def executors(spark: SparkSession) -> set[str]:
    """Ids of the executors that Spark has now."""
    return set(_active(spark)) - {"driver"}


def held_slots(spark: SparkSession) -> dict[str, int]:
    """Running tasks by executor."""
    return {id_: tasks for id_, tasks in _active(spark).items() if tasks}


def _active(spark: SparkSession) -> dict[str, int]:
    summaries = spark.sparkContext._jsc.sc().statusStore().executorList(True)
    each = (summaries.apply(i) for i in range(summaries.size()))
    return {str(one.id()): int(one.activeTasks()) for one in each}
