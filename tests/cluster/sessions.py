"""Spark sessions with real executor processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
from pyspark import SparkContext
from pyspark.sql import SparkSession
from rayonspark import configure_spark

LOCAL_CLUSTER_ENV = {
    "SPARK_HOME": str(Path(pyspark.__file__).parent),
    "SPARK_SCALA_VERSION": "2.13",
}
"""What `local-cluster[…]` needs of a Spark that came by pip, before the JVM starts."""

PREAMBLE = """
import os, sys, time
from pyspark.sql import SparkSession
from rayonspark import RayCluster, configure_spark, errors

def say(*words):
    print("TEST", *words, flush=True)

def session(master="local-cluster[2,1,1024]", **conf):
    builder = SparkSession.builder.master(master).config("spark.ui.enabled", "false")
    builder = builder.config("spark.executor.memory", "512m")
    for key, value in conf.items():
        builder = builder.config(key, value)
    return configure_spark(builder).getOrCreate()
"""
"""Head of the programs that the tests run in processes of their own."""


@contextmanager
def local_cluster(workers: int, cores: int, **conf: str) -> Iterator[SparkSession]:
    """A session whose executors are processes on this machine."""
    os.environ.update(LOCAL_CLUSTER_ENV)
    # What a JVM is launched with stays for all sessions of this process, so it is with nothing.
    SparkContext._ensure_initialized()
    builder = (
        SparkSession.builder.master(f"local-cluster[{workers},{cores},1024]")
        .appName("rayonspark tests")
        .config("spark.executor.memory", "512m")
        .config("spark.ui.enabled", "false")
    )
    for key, value in conf.items():
        builder = builder.config(key, value)
    spark = configure_spark(builder).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()
