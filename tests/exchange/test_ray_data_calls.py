"""Ray Data's own calls for Spark, as Ray documents them, use the connected cluster."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import ray.data
from cluster.program import Program
from cluster.sessions import PREAMBLE
from pyspark.sql import SparkSession
from rayonspark import RayCluster

ROWS = 1000
SUM = ROWS * (ROWS - 1) // 2

BEFORE_RAY_DATA = (
    PREAMBLE
    + f"""
spark = session("local[1]")
with RayCluster.start(spark, object_store_memory="100m"):
    before = "ray.data" in sys.modules
    import ray
    ds = ray.data.from_spark(spark.range({ROWS}))
    say(json.dumps([before, ds.count(), ds.to_spark(spark).count()]))
try:
    ray.data.from_spark(spark.range(1))
except Exception as error:
    say(type(error).__name__)
spark.stop()
"""
)


def test_from_spark_takes_ray_datas_arguments(spark: SparkSession, cluster: RayCluster) -> None:
    ds = ray.data.from_spark(spark.range(ROWS), override_num_blocks=3)
    assert (ds.num_blocks(), ds.sum("id")) == (3, SUM)
    assert ray.data.from_spark(spark.range(ROWS), parallelism=5).num_blocks() == 5
    assert ray.data.from_spark(spark.range(ROWS), parallelism=-1).count() == ROWS


def test_a_dataset_goes_to_spark(spark: SparkSession, cluster: RayCluster) -> None:
    df = ray.data.range(ROWS).map_batches(lambda batch: batch).to_spark(spark)
    assert df.sparkSession is spark
    assert df.groupBy().sum("id").first()[0] == SUM


def test_ray_datas_calls_are_its_own_again_after_the_connection(cluster: RayCluster) -> None:
    cluster.disconnect()
    try:
        assert ray.data.from_spark.__module__ == "ray.data.read_api"
        assert ray.data.Dataset.to_spark.__module__ == "ray.data.dataset"
    finally:
        cluster.connect()


def test_ray_data_may_be_imported_after_the_connection(run_program: Callable[..., Program]) -> None:
    program = run_program("import json\n" + BEFORE_RAY_DATA)
    before, there, back = json.loads(program.line())
    if before:
        pytest.fail("Ray imports Ray Data itself: this test no longer tests a late import")
    assert (there, back) == (ROWS, ROWS)
    assert program.line() in ("ModuleNotFoundError", "ClusterStoppedException")
    assert program.wait() == 0
