"""Dynamic allocation: executors without a Ray node start and stop, and no row is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from cluster.leftovers import Leftovers, eventually
from cluster.sessions import local_cluster
from pyspark.sql import SparkSession
from rayonspark import RayCluster

ROWS = 2_000_000
SUM = ROWS * (ROWS - 1) // 2

DYNAMIC = {
    "spark.executor.cores": "2",
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.initialExecutors": "1",
    "spark.dynamicAllocation.minExecutors": "0",
    "spark.dynamicAllocation.maxExecutors": "2",
    "spark.dynamicAllocation.schedulerBacklogTimeout": "1s",
    "spark.dynamicAllocation.executorIdleTimeout": "2s",
    # A task goes to a free executor immediately, even to one without a node.
    "spark.locality.wait": "0s",
}


@pytest.fixture(scope="module")
def spark(leaves_nothing_behind: Leftovers) -> Iterator[SparkSession]:
    with local_cluster(workers=2, cores=2, **DYNAMIC) as session:
        yield session


def executors(spark: SparkSession) -> int:
    """The number of executors that Spark has now, without the driver."""
    return len(spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1


def test_every_row_arrives_while_executors_without_a_node_start_and_stop(
    spark: SparkSession,
) -> None:
    with RayCluster.start(
        spark,
        num_nodes=1,
        cpus_per_node=1,
        object_store_memory="150m",
        staging_memory="40m",
        ray_init={"log_to_driver": False},
    ) as cluster:
        assert [node.role for node in cluster.nodes] == ["head", "worker"]
        # Long tasks make Spark request the second executor.
        assert spark.sparkContext.parallelize(range(8), 8).map(lambda _: time.sleep(2)).count() == 8
        assert eventually(lambda: executors(spark) == 2, within_s=30)

        dataset = cluster.to_ray(spark.range(0, ROWS, 1, 8))

        assert dataset.sum("id") == SUM
        there = cluster.last_exchange
        assert there.rows == ROWS
        # Both executors are on this host.
        assert there.local_share == 1.0

        back = cluster.to_spark(dataset)

        assert back.groupBy().sum("id").first()[0] == SUM
        assert cluster.last_exchange.local_share == 1.0
        # Spark removes the idle executor, which has no node; the rows can still be read.
        assert eventually(lambda: executors(spark) == 1, within_s=60)
        assert back.groupBy().sum("id").first()[0] == SUM
