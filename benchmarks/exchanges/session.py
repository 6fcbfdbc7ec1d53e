"""Starts Spark and Ray, and puts equal data on both sides, before the clock starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starts.registration import await_executors

from exchanges import blocks
from exchanges.contestant import Setting
from exchanges.frame import FRAMES
from exchanges.request import CORES, MIB, ExchangeRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HEAP_MIB = {"driver": 4096, "executor": 3072}
"""Enough for the cached rows and, in the driver, for the contestants that collect them there."""

OVERHEAD_MIB = 384


@contextmanager
def opened(request: ExchangeRequest) -> Iterator[Setting]:
    """Start everything and warm it up; at the end, stop it in reverse order."""
    frame = FRAMES[request.frame]
    with ExitStack() as stack:
        spark = _spark(request, _master(request, stack))
        stack.callback(spark.stop)
        cluster = stack.enter_context(_cluster(spark, request))
        df = spark.range(0, request.rows, 1, request.partitions).selectExpr(*frame.spark_columns())
        df = df.cache()
        df.write.format("noop").mode("overwrite").save()
        needs_dataset = any(name.startswith("to_spark/") for name in request.contestants)
        dataset = blocks.make(frame, request.rows, request.partitions) if needs_dataset else None
        numbers = iter(range(1_000_000))
        yield Setting(
            spark=spark,
            df=df,
            dataset=dataset,
            cluster=cluster,
            frame=frame,
            directory=lambda: f"{request.scratch}/d{next(numbers)}",
        )


def _master(request: ExchangeRequest, stack: ExitStack) -> str:
    cores = CORES[request.scenario]
    worker_mib = HEAP_MIB["executor"] + OVERHEAD_MIB
    if request.hosts:
        # From the tests: Spark's own processes, each with its own address and /dev/shm.
        from cluster.hosts import standalone

        home = Path(request.scratch) / "standalone"
        return stack.enter_context(standalone(home, f"{worker_mib}m"))
    if request.executors:
        return f"local-cluster[{request.executors},{cores},{worker_mib}]"
    return f"local[{cores}]"


def _spark(request: ExchangeRequest, master: str) -> SparkSession:
    from pyspark.sql import SparkSession
    from rayonspark import configure_spark

    java_temp = f"-Djava.io.tmpdir={request.scratch}/tmp"  # a JVM does not read TMPDIR
    builder = (
        SparkSession.builder.master(master)
        .appName(f"exchange {request.label}")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", f"{HEAP_MIB['driver']}m")
        .config("spark.executor.memory", f"{HEAP_MIB['executor']}m")
        .config("spark.driver.extraJavaOptions", java_temp)
        .config("spark.executor.extraJavaOptions", java_temp)
        .config("spark.local.dir", f"{request.scratch}/local")
        # The best settings for the other contestants: all rows in the driver, as Arrow.
        .config("spark.driver.maxResultSize", "0")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
    )
    if request.hosts:
        # The driver has its own host too.
        builder = builder.config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
    spark = configure_spark(builder).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    await_executors(spark, request.executors)
    return spark


@contextmanager
def _cluster(spark: SparkSession, request: ExchangeRequest) -> Iterator[Any]:
    import ray
    from rayonspark import RayCluster

    with RayCluster.start(
        spark,
        num_nodes=1 if request.hosts else None,
        object_store_memory=request.object_store_mib * MIB,
        temp_dir=request.ray_temp_dir,
        dashboard=False,
        ray_init={"log_to_driver": False},
    ) as cluster:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
        yield cluster
