"""Rows of every type are the same in Ray, and again when they are back in Spark."""

from __future__ import annotations

import os
import secrets

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema
from rayonspark import RayCluster

from .blocks import table, tables
from .plain import plain, rows_in, rows_of
from .sessions import TIME_ZONE
from .sql_types import HAS_TIME, SQL_TYPES, one_row
from .strategies import SparkRows, spark_rows

EXAMPLES = int(os.environ.get("EXCHANGE_EXAMPLES", "10"))
"""The number of random frames; raise it by hand after a change of the encoder or the scan."""

SEED = int(os.environ.get("EXCHANGE_SEED", secrets.randbelow(2**32)))
"""Each run has other frames; a failure prints the seed that reproduces them."""


def frame_of(spark: SparkSession, made: SparkRows) -> DataFrame:
    rows = spark.sparkContext.parallelize(made.rows, made.partitions)
    return spark.createDataFrame(rows, made.schema)


def types_of(schema: pa.Schema) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in schema]


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(made=spark_rows())
def test_random_rows_are_the_same_in_ray_and_back_in_spark(
    spark: SparkSession, cluster: RayCluster, made: SparkRows
) -> None:
    note(f"EXCHANGE_SEED={SEED} EXCHANGE_EXAMPLES={EXAMPLES} reproduces these frames.")
    df = frame_of(spark, made)
    types = types_of(to_arrow_schema(df.schema, timezone=TIME_ZONE))

    dataset = cluster.to_ray(df)

    assert dataset.count() == len(made.rows)
    assert types_of(dataset.schema().base_schema) == types
    arrived = table(dataset)
    assert types_of(arrived.schema) == types
    assert rows_in(arrived) == [plain(row) for row in made.rows]

    back = cluster.to_spark(dataset)

    assert [f.name for f in back.schema] == [f.name for f in df.schema]
    assert [f.dataType for f in back.schema] == [f.dataType for f in df.schema]
    assert rows_of(back) == rows_of(df)


def test_each_sql_type_has_its_arrow_type_and_survives_a_round_trip(
    spark: SparkSession, cluster: RayCluster
) -> None:
    one = one_row(spark)
    nothing = one.where("c1 = false")
    for df in (one, nothing):
        dataset = cluster.to_ray(df)

        arrived = dataset.schema().base_schema
        for i, (sql, expected) in enumerate(SQL_TYPES):
            if expected is not None:
                assert arrived.field(f"c{i}").type == expected, sql
        back = cluster.to_spark(dataset)
        # Every column from outside is nullable: nobody checks what an Arrow schema says about it.
        assert back.schema.simpleString() == df.schema.simpleString()
        assert rows_of(back) == rows_of(df)


def test_a_calendar_interval_is_month_day_nano_in_ray_and_survives_a_round_trip(
    spark: SparkSession, cluster: RayCluster
) -> None:
    df = spark.range(3).selectExpr("IF(id = 1, NULL, make_interval(0, 5, 0, -3, 0, 0, id)) AS i")

    dataset = cluster.to_ray(df)

    assert dataset.schema().types == [pa.month_day_nano_interval()]
    assert [row["i"] for row in dataset.take_all()] == [(5, -3, 0), None, (5, -3, 2 * 10**9)]
    back = cluster.to_spark(dataset)
    assert back.schema.simpleString() == df.schema.simpleString()
    # Python has no value of this type.
    as_text = [frame.selectExpr("CAST(i AS STRING)").collect() for frame in (df, back)]
    assert as_text[0] == as_text[1]


@pytest.mark.skipif(not HAS_TIME, reason="this Spark has no type TIME")
def test_a_time_of_three_digits_keeps_its_value_and_returns_with_six(
    spark: SparkSession, cluster: RayCluster
) -> None:
    df = spark.sql("SELECT CAST(TIME'12:34:56.123456' AS TIME(3)) AS t")

    back = cluster.to_spark(cluster.to_ray(df))

    assert back.schema.simpleString() == "struct<t:time(6)>"
    assert back.collect() == df.collect()


@pytest.mark.parametrize("partitions", [1, 3])
def test_an_empty_frame_keeps_its_schema_both_ways(
    spark: SparkSession, cluster: RayCluster, partitions: int
) -> None:
    schema = T.StructType().add("größe", T.DecimalType(38, 18)).add("b", T.ArrayType(T.LongType()))
    df = spark.createDataFrame(spark.sparkContext.parallelize([], partitions), schema)

    dataset = cluster.to_ray(df)

    assert dataset.count() == 0
    assert dataset.schema().names == ["größe", "b"]
    back = cluster.to_spark(dataset)
    assert back.schema.simpleString() == df.schema.simpleString()
    assert back.collect() == []
    assert back.selectExpr("count(*)").first()[0] == 0


def test_rows_keep_the_order_of_the_partitions(spark: SparkSession, cluster: RayCluster) -> None:
    df = spark.range(0, 10_000, 1, 7)

    dataset = cluster.to_ray(df, max_rows_per_block=500)

    assert len(tables(dataset)) >= 20
    assert table(dataset).column("id").to_pylist() == list(range(10_000))
    assert [row.id for row in cluster.to_spark(dataset).collect()] == list(range(10_000))
