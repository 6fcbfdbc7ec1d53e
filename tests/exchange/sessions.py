"""Spark sessions and Ray clusters for exchanges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cluster.leftovers import Leftovers
from cluster.sessions import local_cluster
from pyspark.sql import SparkSession
from rayonspark import RayCluster, configure_spark

TIME_ZONE = "America/Los_Angeles"
"""Not the machine's time zone, so that tests notice code that ignores the session's."""


@contextmanager
def local(cores: int = 2) -> Iterator[SparkSession]:
    """A session in which the driver is the executor."""
    builder = (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("rayonspark exchange tests")
        .config("spark.ui.enabled", "false")
        .config("spark.rayonspark.dashboard", "false")
        .config("spark.sql.session.timeZone", TIME_ZONE)
        # Spark 4.2 has the type TIME, but does not enable it by default.
        .config("spark.sql.timeType.enabled", "true")
    )
    spark = configure_spark(builder).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def two_executors(leaves_nothing_behind: Leftovers) -> Iterator[SparkSession]:
    """The body of a fixture: a session with two executors, each a process with one core."""
    with local_cluster(workers=2, cores=1) as session:
        yield session


def start(spark: SparkSession, **fields: object) -> RayCluster:
    """Start a cluster whose nodes have one CPU and little staging memory."""
    defaults = {"cpus_per_node": 1, "object_store_memory": "150m", "staging_memory": "40m"}
    return RayCluster.start(spark, ray_init={"log_to_driver": False}, **{**defaults, **fields})
