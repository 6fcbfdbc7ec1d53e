"""A local Spark session for exchanges; those with executors are `cluster.sessions`'."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession
from rayonspark import configure_spark

TIME_ZONE = "America/Los_Angeles"
"""Not that of the machine: what forgets the session's own is seen."""


@contextmanager
def local(cores: int = 2) -> Iterator[SparkSession]:
    """A session in which the driver is the executor."""
    builder = (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("rayonspark exchange tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", TIME_ZONE)
        # Spark 4.2 has the type TIME, and does not offer it yet.
        .config("spark.sql.timeType.enabled", "true")
    )
    spark = configure_spark(builder).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()
