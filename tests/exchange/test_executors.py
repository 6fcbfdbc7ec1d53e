"""Between real executors: data stays on its host, crosses where it must, and survives losses."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psutil
import pyarrow as pa
import pytest
import ray
from cluster.leftovers import Leftovers, eventually, executors_under
from cluster.sessions import local_cluster
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors
from rayonspark.data._ray_data import blocks_of

from . import staging
from .blocks import tables

ROWS = 2_000_000
SUM = ROWS * (ROWS - 1) // 2


@pytest.fixture(scope="module")
def spark(leaves_nothing_behind: Leftovers) -> Iterator[SparkSession]:
    """Two executors, each a process with one core."""
    with local_cluster(workers=2, cores=1) as session:
        yield session


@pytest.fixture
def cluster(spark: SparkSession) -> Iterator[RayCluster]:
    """A cluster of this test's own, with a node beside each executor: tests end its nodes."""
    with start(spark, num_nodes=2) as started:
        yield started


def start(spark: SparkSession, **fields: object) -> RayCluster:
    return RayCluster.start(
        spark,
        cpus_per_node=1,
        object_store_memory="150m",
        staging_memory="40m",
        ray_init={"log_to_driver": False},
        **fields,
    )


def raylet_of(cluster: RayCluster, executor_id: str) -> psutil.Process:
    (node,) = (node for node in cluster.nodes if node.executor_id == executor_id)
    children = psutil.Process(node.pid).children(recursive=True)
    return next(process for process in children if process.name() == "raylet")


def executor_processes(spark: SparkSession) -> list[psutil.Process]:
    jvm = psutil.Process(spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid())
    return executors_under(jvm)


def locations(dataset: ray.data.Dataset) -> set[str]:
    bundles = dataset.iter_internal_ref_bundles()
    references = [reference for bundle in bundles for reference in bundle.block_refs]
    found = ray.experimental.get_object_locations(references)
    return {node for place in found.values() for node in place["node_ids"]}


def test_blocks_lie_where_their_partitions_were(spark: SparkSession, cluster: RayCluster) -> None:
    df = spark.range(0, ROWS, 1, 4).selectExpr("id", "id % 7 AS k")

    dataset = cluster.to_ray(df)

    workers = {node.ray_node_id for node in cluster.nodes if node.role == "worker"}
    assert locations(dataset) == workers
    assert cluster.last_exchange.local_share == 1.0
    assert dataset.sum("id") == SUM

    back = cluster.to_spark(dataset)

    assert back.groupBy().sum("id").first()[0] == SUM
    assert cluster.last_exchange.local_share == 1.0
    assert back.repartition(3).count() == ROWS


def test_blocks_that_the_driver_has_read_are_still_handed_over_by_the_workers(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, ROWS, 1, 4))
    nodes = {node.role: set[str]() for node in cluster.nodes}
    for node in cluster.nodes:
        nodes[node.role].add(node.ray_node_id)
    read = tables(dataset)
    assert locations(dataset) == nodes["head"] | nodes["worker"]

    assert {block.node for block in blocks_of(dataset)} == nodes["worker"]
    assert cluster.to_spark(dataset).count() == sum(table.num_rows for table in read)


def test_rows_of_an_executor_without_a_node_arrive(spark: SparkSession) -> None:
    with start(spark, num_nodes=1) as cluster:
        dataset = cluster.to_ray(spark.range(0, ROWS, 1, 4))

        assert dataset.sum("id") == SUM
        assert [block.column("id")[0].as_py() for block in tables(dataset)] == sorted(
            block.column("id")[0].as_py() for block in tables(dataset)
        )
        # Both executors are on this host.
        assert cluster.last_exchange.local_share == 1.0

        back = cluster.to_spark(dataset)

        assert back.groupBy().sum("id").first()[0] == SUM
        assert eventually(lambda: len(staging.files(cluster)) > 0, within_s=5)


def test_a_lost_node_is_an_error_that_says_recoverable(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, ROWS, 1, 4))
    raylet_of(cluster, "1").kill()

    with pytest.raises(Exception, match="recoverable=True"):
        dataset.sum("id")


def test_a_recoverable_dataset_has_the_same_rows_after_a_node_was_lost(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, ROWS, 1, 4), recoverable=True)
    before = [block.column("id")[0].as_py() for block in tables(dataset)]
    raylet_of(cluster, "1").kill()

    assert dataset.sum("id") == SUM
    assert [block.column("id")[0].as_py() for block in tables(dataset)] == before


def test_a_frame_in_spark_outlives_the_node_beside_its_files(
    spark: SparkSession, cluster: RayCluster
) -> None:
    # The objects lie beside the driver; only the files are lost with the node.
    df = cluster.to_spark(ray.data.from_arrow(pa.table({"id": range(1000)})))
    total = df.groupBy().sum("id").first()[0]
    raylet_of(cluster, "1").kill()

    assert df.groupBy().sum("id").first()[0] == total


def test_an_executor_that_dies_in_between_costs_no_row(spark: SparkSession) -> None:
    with start(spark, num_nodes=2) as cluster:
        # Four times what both stagings hold: it is on its way for a while.
        rows = 20 * ROWS
        victim = executor_processes(spark)[0]
        staged = threading.Thread(
            target=lambda: (
                eventually(lambda: bool(staging.exported(cluster)), within_s=60),
                victim.kill(),
            )
        )
        staged.start()
        try:
            dataset = cluster.to_ray(spark.range(0, rows, 1, 16))
            assert not victim.is_running()
            assert dataset.count() == rows
        except errors.RayOnSparkException as error:
            pytest.fail(f"The rows of a dead executor were not encoded again: {error}")
        finally:
            staged.join()
