"""Between executors, data stays on its host, crosses hosts where it must, and survives losses."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psutil
import pyarrow as pa
import pytest
import ray
from cluster.leftovers import eventually, executors_under
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors
from rayonspark.data._ray_data import blocks_of

from . import staging
from .blocks import tables
from .nodes import raylet_of
from .sessions import start, two_executors

ROWS = 2_000_000
SUM = ROWS * (ROWS - 1) // 2


spark = pytest.fixture(scope="module")(two_executors)


@pytest.fixture
def cluster(spark: SparkSession) -> Iterator[RayCluster]:
    """A new cluster for each test, with a node next to each executor: tests kill its nodes."""
    with start(spark, num_nodes=2) as started:
        yield started


def executor_processes(spark: SparkSession) -> list[psutil.Process]:
    jvm = psutil.Process(spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid())
    return executors_under(jvm)


def locations(dataset: ray.data.Dataset) -> set[str]:
    bundles = dataset.iter_internal_ref_bundles()
    references = [reference for bundle in bundles for reference in bundle.block_refs]
    found = ray.experimental.get_object_locations(references)
    return {node for place in found.values() for node in place["node_ids"]}


def test_blocks_stay_on_the_nodes_next_to_their_partitions(
    spark: SparkSession, cluster: RayCluster
) -> None:
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


def test_workers_still_hand_over_blocks_that_the_driver_has_read(
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


def test_the_error_after_the_loss_of_a_node_suggests_recoverable(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, ROWS, 1, 4))
    raylet_of(cluster, "1").kill()

    with pytest.raises(Exception, match="recoverable=True"):
        dataset.sum("id")


def test_a_recoverable_dataset_has_the_same_rows_after_the_loss_of_a_node(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, ROWS, 1, 4), recoverable=True)
    before = [block.column("id")[0].as_py() for block in tables(dataset)]
    raylet_of(cluster, "1").kill()

    assert dataset.sum("id") == SUM
    assert [block.column("id")[0].as_py() for block in tables(dataset)] == before


def test_a_frame_in_spark_survives_the_loss_of_its_staged_files(
    spark: SparkSession, cluster: RayCluster
) -> None:
    # The objects are on the head; only the files are lost with the node.
    df = cluster.to_spark(ray.data.from_arrow(pa.table({"id": range(1000)})))
    total = df.groupBy().sum("id").first()[0]
    raylet_of(cluster, "1").kill()

    assert df.groupBy().sum("id").first()[0] == total


def test_no_row_is_lost_when_an_executor_dies_during_a_transfer(spark: SparkSession) -> None:
    with start(spark, num_nodes=2) as cluster:
        # Four times what the staging of both nodes holds, so the transfer takes a while.
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
