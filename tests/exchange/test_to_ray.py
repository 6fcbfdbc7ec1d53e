"""A DataFrame becomes a Dataset of Arrow blocks, without a free CPU and with limited memory."""

from __future__ import annotations

from typing import Any

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


def test_transfers_work_while_actors_hold_every_cpu(
    spark: SparkSession, cluster: RayCluster
) -> None:
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


def test_many_tiny_partitions_become_few_blocks(spark: SparkSession, cluster: RayCluster) -> None:
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
    # 2.25 GiB: more than a Java array, the heap or the object store can hold.
    rows = 2304
    df = spark.range(0, rows, 1, 1).selectExpr("id", "CAST(repeat('x', 1048576) AS BINARY) AS b")
    with staging.HighWaterMark.watching(cluster) as mark:
        dataset = cluster.to_ray(df)

    assert 0 < mark.bytes <= 64 * MIB
    assert dataset.count() == rows
    assert dataset.size_bytes() > 2**31
    # Only the last block is read: Ray would read all of them back from disk.
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


def test_a_chosen_number_of_large_blocks_stays_within_the_staging_limit(
    spark: SparkSession, cluster: RayCluster
) -> None:
    rows = 5_000_000
    df = spark.range(0, rows, 1, 4).selectExpr("id", "id + 1 AS next")
    with staging.HighWaterMark.watching(cluster) as mark:
        dataset = cluster.to_ray(df, num_blocks=2)
    # Each block has 40 MB; both of them, and anything else, share 64 MiB of staging.
    assert 0 < mark.bytes <= 64 * MIB
    blocks = tables(dataset)
    assert [block.num_rows for block in blocks] == [rows // 2] * 2
    assert blocks[0].column("id")[-1].as_py() + 1 == blocks[1].column("id")[0].as_py()
    assert dataset.sum("next") == rows * (rows + 1) // 2
    assert cluster.last_exchange is not None
    assert cluster.last_exchange.blocks == 2


def test_a_pandas_on_spark_frame_is_converted(spark: SparkSession, cluster: RayCluster) -> None:
    frame: Any = spark.range(10).pandas_api()
    dataset = cluster.to_ray(frame)
    assert dataset.sum("id") == 45
    assert dataset.schema().names == ["id"]


def test_releasing_the_dataset_frees_the_memory(spark: SparkSession, cluster: RayCluster) -> None:
    # Ray frees what earlier tests made when its owner, the driver's connection, ends.
    cluster.disconnect()
    cluster.connect(log_to_driver=False)
    assert eventually(lambda: stored_mib() == 0, within_s=60)

    dataset = cluster.to_ray(spark.range(0, 8_000_000, 1, 4))
    assert stored_mib() >= 60
    del dataset

    assert eventually(lambda: stored_mib() == 0, within_s=60)


def test_the_cluster_reports_the_last_exchange(spark: SparkSession, cluster: RayCluster) -> None:
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


WITHOUT_EQUIVALENT = [
    ("SELECT 1 AS a, 2 AS a", "a"),
    ("SELECT INTERVAL 1 MONTH AS months", "months"),
    ("SELECT array(named_struct('deep', parse_json('1'))) AS json", "json"),
]


@pytest.mark.parametrize(
    ("query", "column"), WITHOUT_EQUIVALENT, ids=[c for _, c in WITHOUT_EQUIVALENT]
)
def test_a_column_without_an_equivalent_is_named_before_any_data_moves(
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


def test_the_error_for_a_vector_suggests_vector_to_array(
    spark: SparkSession, cluster: RayCluster
) -> None:
    from pyspark.ml.functions import vector_to_array
    from pyspark.ml.linalg import Vectors

    df = spark.createDataFrame([(Vectors.dense(1.0, 2.0),)], ["features"])
    with pytest.raises(errors.RayOnSparkException, match=r'"features".*vector_to_array'):
        cluster.to_ray(df)

    as_array = df.select(vector_to_array("features").alias("features"))
    assert cluster.to_ray(as_array).take_all() == [{"features": [1.0, 2.0]}]


def test_a_failing_row_fails_the_call_and_leaves_nothing_behind(
    spark: SparkSession, cluster: RayCluster
) -> None:
    df = spark.range(0, 1_000_000, 1, 4).selectExpr("IF(id = 999999, raise_error('mine'), id) AS x")

    with pytest.raises(errors.RayOnSparkException, match="mine"):
        cluster.to_ray(df)

    assert eventually(lambda: not staging.exported(cluster), within_s=5)
    assert cluster.to_ray(spark.range(5)).count() == 5


@pytest.mark.parametrize("options", [{"max_rows_per_block": 0}, {"num_blocks": 0}])
def test_the_error_names_a_bad_option(
    spark: SparkSession, cluster: RayCluster, options: dict[str, int]
) -> None:
    with pytest.raises(errors.RayOnSparkException, match=next(iter(options))):
        cluster.to_ray(spark.range(5), **options)


@pytest.mark.parametrize("zone", ["GMT+8", "UTC+01:00", "Z", "UT", "SystemV/PST8PDT"])
def test_instants_survive_a_time_zone_that_only_java_has(
    spark: SparkSession, cluster: RayCluster, zone: str
) -> None:
    before = spark.conf.get("spark.sql.session.timeZone")
    assert before is not None
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        df = spark.sql("SELECT timestamp_micros(id * 1000000007) AS at FROM range(10)")
        dataset = cluster.to_ray(df)
        micros = [n * 1_000_000_007 for n in range(10)]
        assert [int(row["at"].timestamp() * 1e6 + 0.5) for row in dataset.take(10)] == micros
        assert [at.value // 1000 for at in dataset.to_pandas()["at"]] == micros
        back = cluster.to_spark(dataset).selectExpr("unix_micros(at) AS micros")
        assert sorted(row.micros for row in back.collect()) == micros
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
