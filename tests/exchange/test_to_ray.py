"""A DataFrame becomes a Dataset of Arrow blocks, without a slot of Ray's and within bounds."""

from __future__ import annotations

import pyarrow as pa
import pytest
import ray
import rayonspark
from cluster.leftovers import eventually
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors

from . import staging
from .blocks import stored_mib, tables

MIB = 2**20


def test_blocks_are_arrow_tables_whose_sizes_ray_data_knows(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, 1000, 1, 4))

    blocks = tables(dataset)
    assert all(isinstance(block, pa.Table) for block in blocks)
    assert dataset.num_blocks() == len(blocks)
    assert dataset.count() == 1000
    assert dataset.size_bytes() >= 8000
    assert dataset.sum("id") == 499_500
    assert dataset.map_batches(lambda b: {"id": b["id"] * 2}).sum("id") == 999_000


def test_it_works_while_actors_hold_every_cpu(spark: SparkSession, cluster: RayCluster) -> None:
    @ray.remote(num_cpus=1)
    class Holder:
        def hold(self) -> bool:
            return True

    holders = [Holder.remote() for _ in range(2)]
    assert all(ray.get([holder.hold.remote() for holder in holders]))
    try:
        dataset = cluster.to_ray(spark.range(0, 1000, 1, 4))
        assert sum(block.num_rows for block in tables(dataset)) == 1000
        assert cluster.to_spark(dataset).count() == 1000
    finally:
        for holder in holders:
            ray.kill(holder)


def test_many_tiny_partitions_are_packed(spark: SparkSession, cluster: RayCluster) -> None:
    dataset = cluster.to_ray(spark.range(0, 100_000, 1, 10_000))

    assert dataset.count() == 100_000
    assert len(tables(dataset)) <= 32
    assert dataset.sum("id") == 100_000 * 99_999 // 2


def test_a_large_partition_is_split_and_never_staged_whole(
    spark: SparkSession, cluster: RayCluster
) -> None:
    # 160 MB in one partition, through 64 MiB of staging.
    df = spark.range(0, 5_000_000, 1, 1).selectExpr("id", "id * 2 AS a", "id * 3 AS b", "-id AS c")
    with staging.HighWaterMark.watching(cluster) as mark:
        dataset = cluster.to_ray(df)

    sizes = [block.nbytes for block in tables(dataset)]
    assert len(sizes) > 1
    assert max(sizes) < 64 * MIB
    assert 0 < mark.bytes <= 64 * MIB
    assert dataset.sum("id") == 5_000_000 * 4_999_999 // 2
    assert eventually(lambda: not staging.exported(cluster), within_s=5)


def test_a_frame_larger_than_the_object_store_passes_through(
    spark: SparkSession, cluster: RayCluster
) -> None:
    # 640 MB through a store of 300 MiB: Ray spills what it cannot hold.
    columns = [f"id + {number} AS c{number}" for number in range(8)]
    with staging.HighWaterMark.watching(cluster) as mark:
        dataset = cluster.to_ray(spark.range(0, 10_000_000, 1, 8).selectExpr(*columns))

    assert 0 < mark.bytes <= 64 * MIB
    assert dataset.count() == 10_000_000
    assert dataset.size_bytes() > 600 * MIB
    assert dataset.sum("c7") == 10_000_000 * 9_999_999 // 2 + 70_000_000


def test_a_partition_above_2_gib_passes_through(spark: SparkSession, cluster: RayCluster) -> None:
    # 2.25 GiB: more than any array of Java's, than the heap and than the store.
    rows = 2304
    df = spark.range(0, rows, 1, 1).selectExpr("id", "CAST(repeat('x', 1048576) AS BINARY) AS b")
    with staging.HighWaterMark.watching(cluster) as mark:
        dataset = cluster.to_ray(df)

    assert 0 < mark.bytes <= 64 * MIB
    assert dataset.count() == rows
    assert dataset.size_bytes() > 2**31
    # All of it would come back from Ray's disk.
    bundles = list(dataset.iter_internal_ref_bundles())
    last = ray.get(bundles[-1].block_refs[-1])
    assert last.column("id")[-1].as_py() == rows - 1
    assert len(last.column("b")[-1].as_py()) == MIB


def test_the_user_chooses_the_blocks(spark: SparkSession, cluster: RayCluster) -> None:
    df = spark.range(0, 1000, 1, 4)

    by_rows = [block.num_rows for block in tables(cluster.to_ray(df, max_rows_per_block=100))]
    assert sum(by_rows) == 1000
    assert max(by_rows) <= 100
    for number in (1, 3, 9):
        blocks = tables(cluster.to_ray(df, num_blocks=number))
        assert len(blocks) == number
        assert sum(block.num_rows for block in blocks) == 1000


def test_releasing_the_dataset_frees_the_memory(spark: SparkSession, cluster: RayCluster) -> None:
    # What the tests before made goes with its owner, the driver's connection.
    cluster.disconnect()
    cluster.connect(log_to_driver=False)
    assert eventually(lambda: stored_mib() == 0, within_s=60)

    dataset = cluster.to_ray(spark.range(0, 8_000_000, 1, 4))
    assert stored_mib() >= 60
    del dataset

    assert eventually(lambda: stored_mib() == 0, within_s=60)


def test_the_last_exchange_is_told(spark: SparkSession, cluster: RayCluster) -> None:
    cluster.to_ray(spark.range(0, 1000, 1, 4))

    exchange = cluster.last_exchange
    assert exchange is not None
    assert exchange.direction == "to_ray"
    assert exchange.rows == 1000
    assert exchange.bytes >= 8000
    assert exchange.blocks >= 1
    assert exchange.local_share == 1.0
    assert exchange.seconds
    assert all(seconds >= 0 for seconds in exchange.seconds.values())


def test_the_functions_use_the_current_cluster(spark: SparkSession, cluster: RayCluster) -> None:
    dataset = rayonspark.to_ray(spark.range(10))
    assert dataset.count() == 10
    assert rayonspark.to_spark(dataset, spark).count() == 10


WITHOUT_IMAGE = [
    ("SELECT 1 AS a, 2 AS a", "a"),
    ("SELECT INTERVAL 1 MONTH AS months", "months"),
    ("SELECT array(named_struct('deep', parse_json('1'))) AS json", "json"),
]


@pytest.mark.parametrize(("query", "column"), WITHOUT_IMAGE, ids=[c for _, c in WITHOUT_IMAGE])
def test_what_has_no_image_is_an_error_that_names_it_before_any_data_moves(
    spark: SparkSession, cluster: RayCluster, query: str, column: str
) -> None:
    jobs = spark.sparkContext.statusTracker()
    before = len(jobs.getJobIdsForGroup(None))

    with pytest.raises(errors.RayOnSparkException, match=f'"{column}'):
        cluster.to_ray(spark.sql(query))

    assert len(jobs.getJobIdsForGroup(None)) == before


def test_no_columns_is_an_error(spark: SparkSession, cluster: RayCluster) -> None:
    with pytest.raises(errors.RayOnSparkException, match="no columns"):
        cluster.to_ray(spark.range(3).select())


def test_a_vector_is_an_error_that_says_vector_to_array(
    spark: SparkSession, cluster: RayCluster
) -> None:
    from pyspark.ml.functions import vector_to_array
    from pyspark.ml.linalg import Vectors

    df = spark.createDataFrame([(Vectors.dense(1.0, 2.0),)], ["features"])
    with pytest.raises(errors.RayOnSparkException, match=r'"features".*vector_to_array'):
        cluster.to_ray(df)

    as_array = df.select(vector_to_array("features").alias("features"))
    assert cluster.to_ray(as_array).take_all() == [{"features": [1.0, 2.0]}]


def test_a_failing_row_fails_the_call_and_leaves_nothing(
    spark: SparkSession, cluster: RayCluster
) -> None:
    df = spark.range(0, 1_000_000, 1, 4).selectExpr("IF(id = 999999, raise_error('mine'), id) AS x")

    with pytest.raises(errors.RayOnSparkException, match="mine"):
        cluster.to_ray(df)

    assert eventually(lambda: not staging.exported(cluster), within_s=5)
    assert cluster.to_ray(spark.range(5)).count() == 5


@pytest.mark.parametrize("options", [{"max_rows_per_block": 0}, {"num_blocks": 0}])
def test_a_bad_option_is_named(
    spark: SparkSession, cluster: RayCluster, options: dict[str, int]
) -> None:
    with pytest.raises(errors.RayOnSparkException, match=next(iter(options))):
        cluster.to_ray(spark.range(5), **options)
