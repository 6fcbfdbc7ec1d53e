"""A Dataset becomes a DataFrame that Spark can use like any other while the cluster runs."""

from __future__ import annotations

import datetime
import decimal
import gc
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import ray
from cluster.leftovers import eventually
from pyspark.sql import SparkSession
from ray._private.internal_api import memory_summary
from rayonspark import RayCluster, errors

from . import staging
from .plain import rows_of
from .sql_types import HAS_TIME

MIB = 2**20


def test_a_dataframe_can_be_read_repeatedly_and_in_every_way(
    spark: SparkSession, cluster: RayCluster, tmp_path: Path
) -> None:
    df = cluster.to_spark(ray.data.range(1000, override_num_blocks=4).materialize())

    assert df.count() == df.count() == 1000
    assert df.groupBy().sum("id").first()[0] == 499_500
    assert df.where("id >= 990").count() == 10
    assert df.alias("l").join(df.alias("r"), "id").count() == 1000
    df.createOrReplaceTempView("numbers")
    assert spark.sql("SELECT max(id) FROM numbers").first()[0] == 999
    cached = df.cache()
    assert cached.count() == cached.count() == 1000
    cached.unpersist(blocking=True)
    df.write.parquet(str(tmp_path / "out"))
    assert spark.read.parquet(str(tmp_path / "out")).count() == 1000


def test_only_the_selected_columns_are_read(spark: SparkSession, cluster: RayCluster) -> None:
    dataset = ray.data.from_arrow(pa.table({"a": [1, 2], "b": ["x", "y"], "c": [0.5, None]}))
    df = cluster.to_spark(dataset)

    assert [tuple(row) for row in df.select("b").collect()] == [("x",), ("y",)]
    assert [tuple(row) for row in df.select("c", "a").collect()] == [(0.5, 1), (None, 2)]
    assert df.count() == 2


def test_rows_keep_the_order_of_the_blocks(cluster: RayCluster) -> None:
    dataset = ray.data.from_arrow([pa.table({"n": [i, i + 1]}) for i in range(0, 20, 2)])
    assert [row.n for row in cluster.to_spark(dataset).collect()] == list(range(20))


def test_many_small_blocks_become_a_few_partitions_and_keep_their_order(
    spark: SparkSession, cluster: RayCluster
) -> None:
    small = ray.data.range(6000, override_num_blocks=600).materialize()
    df = cluster.to_spark(small)
    slots = spark.sparkContext.defaultParallelism
    assert 4 * slots <= df.rdd.getNumPartitions() <= 8 * slots
    assert [row.id for row in df.collect()] == list(range(6000))

    # Blocks of two schemas cannot be read as one.
    of_two = small.limit(100).union(ray.data.from_items([{"id": 1, "more": "x"}]))
    found = cluster.to_spark(of_two).groupBy().agg({"id": "sum", "more": "max"}).first()
    assert tuple(found) in {(4951, "x"), ("x", 4951)}


def test_the_dataset_of_a_dropped_dataframe_leaves_rays_store(cluster: RayCluster) -> None:
    # Together twice the store, of which each takes a quarter.
    for round in range(8):
        dataset = ray.data.range(9_000_000, override_num_blocks=8).materialize()
        df = cluster.to_spark(dataset)
        assert df.groupBy().sum("id").first()[0] == 9_000_000 * 8_999_999 // 2, round
        del df, dataset
    assert "Spilled" not in memory_summary(stats_only=True)
    last = cluster.last_exchange.frame
    assert eventually(
        lambda: not any(path.parent.name == last for path in staging.files(cluster)), within_s=20
    )


EPOCH = datetime.datetime(1970, 1, 1)
MICRO = EPOCH + datetime.timedelta(microseconds=1)
MILLI = EPOCH + datetime.timedelta(milliseconds=1)
NOON = datetime.time(12, 0, 1)
HALVES = decimal.Decimal("1.5")
LAYOUTS = {
    "uint8": (pa.array([255, None], pa.uint8()), "smallint", [255, None]),
    "uint16": (pa.array([65535, None], pa.uint16()), "int", [65535, None]),
    "uint32": (pa.array([2**32 - 1, None], pa.uint32()), "bigint", [2**32 - 1, None]),
    "uint64": (
        pa.array([2**64 - 1, None], pa.uint64()),
        "decimal(20,0)",
        [decimal.Decimal(2**64 - 1), None],
    ),
    "float16": (pa.array([np.float16(0.5), None], pa.float16()), "float", [(0.5).hex(), None]),
    "timestamp_ns": (pa.array([1999, None], pa.timestamp("ns")), "timestamp_ntz", [MICRO, None]),
    "timestamp_ms": (pa.array([1, None], pa.timestamp("ms")), "timestamp_ntz", [MILLI, None]),
    "timestamp_s": (pa.array([0, None], pa.timestamp("s")), "timestamp_ntz", [EPOCH, None]),
    "timestamp_ns_tz": (
        pa.array([1999, None], pa.timestamp("ns", "UTC")),
        "timestamp",
        # An instant: Spark returns it to Python in the machine's local time.
        [datetime.datetime.fromtimestamp(0) + datetime.timedelta(microseconds=1), None],
    ),
    "duration_ns": (
        pa.array([1000, None], pa.duration("ns")),
        "interval day to second",
        [datetime.timedelta(microseconds=1), None],
    ),
    "date64": (pa.array([86400_000, None], pa.date64()), "date", [datetime.date(1970, 1, 2), None]),
    "dictionary": (pa.array(["a", None]).dictionary_encode(), "string", ["a", None]),
    "large_string": (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
    "large_binary": (pa.array([b"a", None], pa.large_binary()), "binary", [b"a", None]),
    "large_list": (pa.array([[1], None], pa.large_list(pa.int32())), "array<int>", [(1,), None]),
    "fixed_list": (pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), "array<int>", [(1, 2), None]),
    "fixed_binary": (pa.array([b"ab", None], pa.binary(2)), "binary", [b"ab", None]),
    "nested": (
        pa.array([{"a": [1]}, None], pa.struct([("a", pa.large_list(pa.uint16()))])),
        "struct<a:array<int>>",
        [((1,),), None],
    ),
    "decimal32": (pa.array([HALVES, None], pa.decimal32(5, 1)), "decimal(5,1)", [HALVES, None]),
    "decimal64": (pa.array([HALVES, None], pa.decimal64(18, 1)), "decimal(18,1)", [HALVES, None]),
    "decimal256": (pa.array([HALVES, None], pa.decimal256(38, 1)), "decimal(38,1)", [HALVES, None]),
    "null": (pa.nulls(2), "void", [None, None]),
}
if HAS_TIME:
    LAYOUTS |= {
        "time32_s": (pa.array([NOON, None], pa.time32("s")), "time(6)", [NOON, None]),
        "time64_us": (pa.array([NOON, None], pa.time64("us")), "time(6)", [NOON, None]),
    }
"""Arrow layouts that Spark cannot read directly: an array, Spark's type, and Spark's values."""


def test_layouts_that_spark_cannot_read_are_cast(cluster: RayCluster) -> None:
    made = pa.table({name: array for name, (array, _, _) in LAYOUTS.items()})

    df = cluster.to_spark(ray.data.from_arrow(made))

    types = {field.name: field.dataType.simpleString() for field in df.schema}
    assert types == {name: wanted for name, (_, wanted, _) in LAYOUTS.items()}
    rows = rows_of(df)
    for index, (name, (_, _, values)) in enumerate(LAYOUTS.items()):
        assert [row[index] for row in rows] == values, name


def test_pandas_blocks_and_tensors_are_accepted(cluster: RayCluster) -> None:
    frame = pd.DataFrame({"a": [1, 2], "s": ["x", None], "f": [0.5, 1.5]})
    df = cluster.to_spark(ray.data.from_pandas(frame))
    assert rows_of(df.select("a", "s")) == [(1, "x"), (2, None)]

    vectors = ray.data.from_numpy(np.arange(6, dtype=np.float64).reshape(3, 2))
    assert rows_of(cluster.to_spark(vectors).selectExpr("data[0] + data[1]")) == [
        ((1.0).hex(),),
        ((5.0).hex(),),
        ((9.0).hex(),),
    ]
    matrices = ray.data.from_numpy(np.arange(8, dtype=np.int32).reshape(2, 2, 2))
    assert rows_of(cluster.to_spark(matrices).selectExpr("data[1][0]")) == [(2,), (6,)]

    def images(batch: dict[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
        """Tensors of two shapes in each block."""
        return {"image": [np.full((2, int(n) + 1), int(n) + 1) for n in batch["id"]]}

    of_shapes = ray.data.range(4, override_num_blocks=2).map_batches(images)
    assert rows_of(cluster.to_spark(of_shapes).selectExpr("size(image[1])", "image[1][0]")) == [
        (n, n) for n in (1, 2, 3, 4)
    ]
    one_each = ray.data.range(3, override_num_blocks=3).map_batches(
        lambda batch: {"image": np.ones((1, 2, int(batch["id"][0]) + 1))}
    )
    assert rows_of(cluster.to_spark(one_each).selectExpr("size(image[0])")) == [(1,), (2,), (3,)]


def test_blocks_of_compatible_schemas_are_unified(cluster: RayCluster) -> None:
    dataset = ray.data.from_arrow(
        [pa.table({"a": pa.array([1], pa.int32())}), pa.table({"a": [2**40], "b": ["x"]})]
    )
    assert rows_of(cluster.to_spark(dataset).select("a", "b")) == [(1, None), (2**40, "x")]


def test_incompatible_blocks_are_an_error_that_names_the_column_and_both_types(
    cluster: RayCluster,
) -> None:
    dataset = ray.data.from_arrow([pa.table({"a": [1]}), pa.table({"a": ["x"]})])
    with pytest.raises(errors.RayOnSparkException, match=r'"a".*(int64.*string|string.*int64)'):
        cluster.to_spark(dataset)


def test_a_column_without_an_equivalent_is_named_before_any_data_moves(
    cluster: RayCluster,
) -> None:
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2])] * 2)
    dataset = ray.data.from_arrow(pa.table({"fine": [1, 2], "odd": union}))
    before = set(staging.files(cluster))
    with pytest.raises(errors.RayOnSparkException, match=r'"odd".*union'):
        cluster.to_spark(dataset)
    assert set(staging.files(cluster)) <= before


def test_an_empty_dataset_keeps_its_schema(cluster: RayCluster) -> None:
    dataset = ray.data.from_arrow(pa.table({"größe": pa.array([], pa.decimal128(38, 18))}))
    df = cluster.to_spark(dataset)
    assert df.schema.simpleString() == "struct<größe:decimal(38,18)>"
    assert df.collect() == []

    # Ray itself drops the columns of a block that has no rows left.
    with pytest.raises(errors.InvalidSpecException, match="no columns"):
        cluster.to_spark(dataset.filter(lambda row: True).materialize())


def test_a_deleted_file_is_staged_again_from_its_ray_object(cluster: RayCluster) -> None:
    df = cluster.to_spark(ray.data.range(1000, override_num_blocks=4).materialize())
    assert df.count() == 1000
    assert df.groupBy().sum("id").first()[0] == 499_500

    gone = staging.files(cluster)
    assert gone
    for path in gone:
        path.unlink()

    assert df.groupBy().sum("id").first()[0] == 499_500


def test_files_stay_within_the_staging_limit_and_are_deleted_with_the_frame(
    cluster: RayCluster,
) -> None:
    # 160 MB through 64 MiB of staging.
    made = ray.data.range(20_000_000, override_num_blocks=20).materialize()
    with staging.HighWaterMark.watching(cluster) as mark:
        df = cluster.to_spark(made)
        for _ in range(2):
            assert df.groupBy().sum("id").first()[0] == 20_000_000 * 19_999_999 // 2
    assert 0 < mark.bytes <= 64 * MIB

    del df

    def collected() -> bool:
        collect_garbage(SparkSession.active())
        return not staging.files(cluster)

    assert eventually(collected, within_s=20)


def collect_garbage(spark: SparkSession) -> None:
    """Collect in Java, too: only its garbage collector knows that a frame's last plan is gone."""
    gc.collect()
    spark.sparkContext._jvm.System.gc()


def test_data_that_grows_in_sparks_layout_stays_within_the_staging_limit(
    cluster: RayCluster,
) -> None:
    # 600 MB of text, in blocks of less than 1 MiB because Ray stores each word once.
    words = pa.array([str(i) * 3000 for i in range(10)])
    rows = 5000
    block = pa.table(
        {
            "word": pa.DictionaryArray.from_arrays(pa.array([*range(10)] * (rows // 10)), words),
            "n": pa.array(np.ones(rows, np.uint8)),
        }
    )
    dataset = ray.data.from_arrow([block] * 40)
    assert dataset.size_bytes() < 40 * MIB
    with staging.HighWaterMark.watching(cluster) as mark:
        df = cluster.to_spark(dataset)
        found = df.selectExpr("sum(length(word))", "sum(n)", "count(DISTINCT word)").first()
    assert tuple(found) == (40 * rows * 3000, 40 * rows, 10)
    assert 0 < mark.bytes <= 64 * MIB
    # The exchange reports what was moved.
    assert cluster.last_exchange.bytes > 600 * 10**6
    assert cluster.last_exchange.blocks > 40


def test_a_block_larger_than_the_staging_is_read_in_parts(cluster: RayCluster) -> None:
    word = pa.array(["x" * 10_000])
    block = pa.table({"w": pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000, int)), word)})
    with staging.HighWaterMark.watching(cluster) as mark:
        df = cluster.to_spark(ray.data.from_arrow(block))
        assert df.selectExpr("sum(length(w))").first()[0] == 200_000_000
    assert 0 < mark.bytes <= 64 * MIB


def test_the_cluster_reports_the_last_exchange(cluster: RayCluster) -> None:
    df = cluster.to_spark(ray.data.range(1000, override_num_blocks=4).materialize())
    assert df.groupBy().sum("id").first()[0] == 499_500

    exchange = cluster.last_exchange
    assert exchange is not None
    assert exchange.direction == "to_spark"
    assert exchange.rows == 1000
    assert exchange.blocks == 4
    assert exchange.local_share == 1.0


def test_large_arguments_reach_tasks_and_actors(cluster: RayCluster) -> None:
    """Ray 2.55 requires a core worker of its own class when it stores such an argument."""

    @ray.remote(num_cpus=0)
    class Holder:
        def __init__(self, held: bytes) -> None:
            self.held = held

        def size(self, more: bytes) -> int:
            return len(self.held) + len(more)

    holder = Holder.remote(b"x" * 300_000)
    assert ray.get(holder.size.remote(b"x" * 200_000)) == 500_000
    assert ray.get(ray.remote(num_cpus=0)(lambda x: len(x)).remote(b"x" * 200_000)) == 200_000


def test_the_data_source_reads_a_frame_by_its_id(spark: SparkSession, cluster: RayCluster) -> None:
    df = cluster.to_spark(ray.data.range(1000, override_num_blocks=4).materialize())
    source = spark.read.format("rayonspark")

    again = source.option("frame", cluster.last_exchange.frame).load()

    assert again.schema == df.schema
    assert again.groupBy().sum("id").first()[0] == 499_500
    with pytest.raises(Exception, match="There is no frame"):
        source.option("frame", "strange").load()
    with pytest.raises(Exception, match='needs the option "frame"'):
        spark.read.format("rayonspark").load()


def test_a_frame_lives_until_nothing_reads_it_under_either_name(
    spark: SparkSession, cluster: RayCluster
) -> None:
    df = cluster.to_spark(ray.data.range(1000, override_num_blocks=4).materialize())
    frame = cluster.last_exchange.frame
    spark.read.format("rayonspark").option("frame", frame).load().count()
    collect_garbage(spark)
    # Java cleans up frames in the order in which it finds them; it finds this one later.
    cluster.to_spark(ray.data.range(1000, override_num_blocks=4).materialize()).count()
    later = cluster.last_exchange.frame

    def gone() -> bool:
        collect_garbage(spark)
        return not any(later in path.parts for path in staging.files(cluster))

    assert eventually(gone, within_s=20)
    assert df.groupBy().sum("id").first()[0] == 499_500


def test_reading_after_the_cluster_has_stopped_is_an_error_that_says_so(
    spark: SparkSession, cluster: RayCluster
) -> None:
    cluster.disconnect()
    with RayCluster.start(spark, object_store_memory="100m") as own:
        df = own.to_spark(ray.data.range(1000, override_num_blocks=4).materialize())
        assert df.groupBy().sum("id").first()[0] == 499_500

    with pytest.raises(Exception, match=r"stopped|ended"):
        df.groupBy().sum("id").collect()
    cluster.connect()
