"""An executor without a Ray node sends its data to another host, which shares no memory with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster import hosts
from cluster.leftovers import Leftovers, eventually
from cluster.threads import jvm_threads, ours
from pyspark.sql import SparkSession
from rayonspark import RayCluster, configure_spark

from .sessions import start

ROWS = 2_000_000
SUM = ROWS * (ROWS - 1) // 2


@pytest.fixture(scope="module")
def spark(
    leaves_nothing_behind: Leftovers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkSession]:
    """One executor on each of two hosts, neither of them the driver's."""
    if (why := hosts.obstacle()) is not None:
        pytest.skip(why)
    with hosts.standalone(tmp_path_factory.mktemp("standalone")) as url:
        builder = (
            SparkSession.builder.master(url)
            .config("spark.driver.host", hosts.DRIVER)
            .config("spark.driver.bindAddress", hosts.DRIVER)
            .config("spark.executor.memory", "512m")
            # A task goes to a free executor immediately, even to one on the wrong host.
            .config("spark.locality.wait", "0s")
            .config("spark.ui.enabled", "false")
        )
        session = configure_spark(builder).getOrCreate()
        try:
            tracker = session.sparkContext._jsc.sc().statusTracker()
            assert eventually(lambda: len(tracker.getExecutorInfos()) == 3, within_s=60)
            yield session
        finally:
            session.stop()


@pytest.fixture
def cluster(spark: SparkSession) -> Iterator[RayCluster]:
    """A cluster with a node next to one of the two executors."""
    with start(spark, num_nodes=1) as started:
        yield started


def test_rows_cross_between_hosts_in_both_directions(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, ROWS, 1, 8))

    assert dataset.sum("id") == SUM
    assert 0 < cluster.last_exchange.local_share < 1

    back = cluster.to_spark(dataset)

    for _ in range(2):
        assert back.groupBy().sum("id").first()[0] == SUM
    assert 0 < cluster.last_exchange.local_share < 1


def test_a_frame_larger_than_the_staging_crosses(spark: SparkSession, cluster: RayCluster) -> None:
    rows = 20_000_000

    dataset = cluster.to_ray(spark.range(0, rows, 1, 4))

    assert dataset.count() == rows
    del dataset


def test_the_staging_server_ends_with_its_cluster(spark: SparkSession) -> None:
    with RayCluster.start(
        spark, num_nodes=1, cpus_per_node=1, object_store_memory="150m"
    ) as cluster:
        assert cluster.to_ray(spark.range(0, ROWS, 1, 8)).count() == ROWS
        running = ours(jvm_threads(spark)["executors"])
        assert any("server" in name for name in running), (running, cluster.last_exchange)

    assert eventually(lambda: not any(map(ours, jvm_threads(spark).values())), within_s=30)
