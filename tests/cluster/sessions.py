"""Spark sessions with real executor processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark import SparkContext
from pyspark.sql import SparkSession
from rayonspark import configure_spark

from .spark_under_test import SPARK, SPARK_HOME

LOCAL_CLUSTER_ENV = {
    "SPARK_HOME": str(SPARK_HOME),
    "SPARK_SCALA_VERSION": SPARK.scala,
}
"""Variables that `local-cluster[…]` needs before the JVM starts, with a Spark from pip."""

PREAMBLE = """
import os, sys, time
from pyspark.sql import SparkSession
from rayonspark import RayCluster, configure_spark, errors

def say(*words):
    print("TEST", *words, flush=True)

def session(master="local-cluster[2,1,1024]", **conf):
    builder = SparkSession.builder.master(master).config("spark.ui.enabled", "false")
    # A dashboard uses as much CPU as three of Ray's workers, and few tests need one.
    builder = builder.config("spark.rayonspark.dashboard", "false")
    builder = builder.config("spark.executor.memory", "512m")
    for key, value in conf.items():
        builder = builder.config(key, value)
    return configure_spark(builder).getOrCreate()
"""
"""The beginning of the programs that tests run in separate processes."""


@contextmanager
def local_cluster(workers: int, cores: int, **conf: str) -> Iterator[SparkSession]:
    """A session whose executors are processes on this machine."""
    os.environ.update(LOCAL_CLUSTER_ENV)
    # All sessions of this process keep its JVM's launch options, so launch the JVM without any.
    SparkContext._ensure_initialized()
    builder = (
        SparkSession.builder.master(f"local-cluster[{workers},{cores},1024]")
        .appName("rayonspark tests")
        .config("spark.executor.memory", "512m")
        .config("spark.ui.enabled", "false")
        .config("spark.rayonspark.dashboard", "false")
    )
    for key, value in conf.items():
        builder = builder.config(key, value)
    spark = configure_spark(builder).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()
