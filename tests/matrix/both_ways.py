"""Sends frames to Ray and back, plain and cached, and compares the values on both sides."""

from __future__ import annotations

import datetime
from typing import Any

from exchange.blocks import table
from exchange.plain import plain, rows_in, rows_of
from exchange.sessions import TIME_ZONE
from exchange.sql_types import SQL_TYPES, one_row
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from rayonspark import InvalidSpecException, RayCluster

INTERVALS = "IF(id = 1, NULL, make_interval(0, 5, 0, -3, 0, 0, id)) AS i"


def every_type(spark: SparkSession, cluster: RayCluster) -> None:
    """Send a value of each type both ways, and then no row of these types."""
    spark.conf.set("spark.sql.session.timeZone", TIME_ZONE)
    one = one_row(spark)
    cached = one_row(spark).cache()
    assert cached.count() == 1
    for df in (one, one.where("c1 = false"), cached):
        dataset = cluster.to_ray(df)
        arrived = table(dataset)
        for i, (sql, expected) in enumerate(SQL_TYPES):
            assert expected in (None, arrived.schema.field(i).type), sql
        assert rows_in(arrived) == in_ray(df)
        back = cluster.to_spark(dataset)
        assert back.schema.simpleString() == df.schema.simpleString()
        assert rows_of(back) == rows_of(df)
    cached.unpersist(blocking=True)
    every_interval(spark, cluster)


def in_ray(df: DataFrame) -> list[Any]:
    """Spark's rows as Ray has them: Spark returns instants in the machine's own time zone."""

    def value(field: T.StructField, found: Any) -> Any:
        moment = isinstance(field.dataType, T.TimestampType) and found is not None
        return found.astimezone(datetime.timezone.utc) if moment else plain(found)

    return [
        tuple(value(field, row[i]) for i, field in enumerate(df.schema)) for row in df.collect()
    ]


def every_interval(spark: SparkSession, cluster: RayCluster) -> None:
    """Send calendar intervals both ways, and compare them as text: Python has no such value.

    With Spark 3.5, this is an error.
    """
    df = spark.range(3).selectExpr(INTERVALS)
    if spark.version.startswith("3."):
        assert 'Column "i" has type interval' in refusal(cluster, df)
        return
    dataset = cluster.to_ray(df)
    assert [row["i"] for row in dataset.take_all()] == [(5, -3, 0), None, (5, -3, 2 * 10**9)]
    back = cluster.to_spark(dataset)
    as_text = [frame.selectExpr("CAST(i AS STRING)").collect() for frame in (df, back)]
    assert as_text[0] == as_text[1]


def refusal(cluster: RayCluster, df: DataFrame) -> str:
    """Return the error that says why a frame cannot be moved, or "" if it can."""
    try:
        cluster.to_ray(df)
    except InvalidSpecException as refused:
        return str(refused)
    return ""


def rows_of_all_executors(spark: SparkSession, cluster: RayCluster) -> None:
    """Send rows both ways, in partitions on both executors."""
    plain_ = spark.range(0, 10_000, 1, 4).selectExpr("id", "CAST(id AS STRING) AS s")
    cached = plain_.selectExpr("id", "s", "id / 3 AS third").cache()
    assert cached.count() == 10_000
    for df in (plain_, cached):
        dataset = cluster.to_ray(df)
        assert rows_in(table(dataset)) == rows_of(df)
        assert rows_of(cluster.to_spark(dataset)) == rows_of(df)
    cached.unpersist(blocking=True)
