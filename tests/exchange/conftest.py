"""Real Spark executors and real Ray. A module's tests share a session, and leave nothing behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from cluster.leftovers import Leftovers, none_left
from cluster.program import runs_programs
from pyspark.sql import SparkSession
from rayonspark import RayCluster

from .sessions import local

os.environ["PYSPARK_PYTHON"] = sys.executable


# A module's tests share a session. After the last test, it and its files in memory must be gone.
leaves_nothing_behind = pytest.fixture(scope="module", autouse=True)(none_left)
run_program = pytest.fixture(runs_programs)


@pytest.fixture(scope="module")
def spark(leaves_nothing_behind: Leftovers) -> Iterator[SparkSession]:
    """`local[2]`: the driver is the executor, and the head the only node."""
    with local() as session:
        yield session


@pytest.fixture(scope="module")
def cluster(spark: SparkSession) -> Iterator[RayCluster]:
    """A cluster whose staging holds 64 MiB."""
    with RayCluster.start(
        spark, object_store_memory="300m", staging_memory="64m", ray_init={"log_to_driver": False}
    ) as started:
        yield started
