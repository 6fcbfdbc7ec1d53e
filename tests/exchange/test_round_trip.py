"""Rows are the same on both sides, whatever their types: there, and back again."""

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
from .strategies import HAS_TIME, SparkRows, spark_rows

EXAMPLES = int(os.environ.get("EXCHANGE_EXAMPLES", "10"))
"""How many random frames; more by hand, when the encoder or the scan has changed."""

SEED = int(os.environ.get("EXCHANGE_SEED", secrets.randbelow(2**32)))
"""Other frames each time; a failure names the seed that makes them again."""


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
def test_random_rows_are_sparks_own_in_ray_and_back_in_spark(
    spark: SparkSession, cluster: RayCluster, made: SparkRows
) -> None:
    note(f"EXCHANGE_SEED={SEED} EXCHANGE_EXAMPLES={EXAMPLES} makes these frames again.")
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


SQL_TYPES = [
    ("CAST(NULL AS VOID)", pa.null()),
    ("true", pa.bool_()),
    ("CAST(-128 AS TINYINT)", pa.int8()),
    ("CAST(-32768 AS SMALLINT)", pa.int16()),
    ("CAST(-2147483648 AS INT)", pa.int32()),
    ("CAST(-9223372036854775808 AS BIGINT)", pa.int64()),
    ("CAST('-Infinity' AS FLOAT)", pa.float32()),
    ("CAST('NaN' AS DOUBLE)", pa.float64()),
    ("CAST('-12345678901234567890.123456789012345678' AS DECIMAL(38,18))", pa.decimal128(38, 18)),
    ("CAST('0.5' AS DECIMAL(1,1))", pa.decimal128(1, 1)),
    ("'größe 名前'", pa.string()),
    ("CAST('fix' AS VARCHAR(7))", pa.string()),
    ("X'00FF'", pa.binary()),
    ("DATE'0001-01-01'", pa.date32()),
    ("TIMESTAMP'1969-12-31 23:59:59.999999'", pa.timestamp("us", TIME_ZONE)),
    ("TIMESTAMP_NTZ'9999-12-31 23:59:59.999999'", pa.timestamp("us")),
    ("INTERVAL '-1 02:03:04.000005' DAY TO SECOND", pa.duration("us")),
    ("array(1, NULL)", pa.list_(pa.int32())),
    *([("TIME'23:59:59.999999'", pa.time64("ns"))] if HAS_TIME else []),
    ("map('a', array(named_struct('b', 1.5D)))", None),
    ("named_struct('n', CAST(NULL AS STRUCT<m: ARRAY<INT>>))", None),
]


def test_each_sql_type_has_its_arrow_type_and_comes_back(
    spark: SparkSession, cluster: RayCluster
) -> None:
    one = spark.sql(f"SELECT {', '.join(f'{sql} AS c{i}' for i, (sql, _) in enumerate(SQL_TYPES))}")
    nothing = one.where("c1 = false")
    for df in (one, nothing):
        dataset = cluster.to_ray(df)

        arrived = dataset.schema().base_schema
        for i, (sql, expected) in enumerate(SQL_TYPES):
            if expected is not None:
                assert arrived.field(f"c{i}").type == expected, sql
        back = cluster.to_spark(dataset)
        # All that came from elsewhere may be null: nobody checks what an Arrow schema says of it.
        assert back.schema.simpleString() == df.schema.simpleString()
        assert rows_of(back) == rows_of(df)


def test_a_calendar_interval_is_months_days_and_nanoseconds_and_comes_back(
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
def test_a_coarse_time_has_its_value_and_comes_back_with_six_digits(
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


def test_the_order_of_rows_is_that_of_the_partitions(
    spark: SparkSession, cluster: RayCluster
) -> None:
    df = spark.range(0, 10_000, 1, 7)

    dataset = cluster.to_ray(df, max_rows_per_block=500)

    assert len(tables(dataset)) >= 20
    assert table(dataset).column("id").to_pylist() == list(range(10_000))
    assert [row.id for row in cluster.to_spark(dataset).collect()] == list(range(10_000))
