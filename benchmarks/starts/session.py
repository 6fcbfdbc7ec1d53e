"""The Spark session of a measured start: up, registered and warm before the clock starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from starts.registration import await_executors
from starts.request import CORES_PER_EXECUTOR, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

YARN_OVERHEAD = "2g"
"""Beside an executor's heap, for Ray."""


def environment(scratch: str) -> dict[str, str]:
    """The environment that every contestant's process is started with."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        # A token that Ray 2.59 and later write into HOME stays in here.
        "HOME": f"{scratch}/home",
        # The peer needs `ray` on the PATH.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYSPARK_PYTHON": sys.executable,
        "RAY_USAGE_STATS_ENABLED": "0",
        # What local-cluster needs when pyspark came by pip.
        "SPARK_HOME": f"{scratch}/spark",
        "SPARK_SCALA_VERSION": "2.13",
        "TMPDIR": f"{scratch}/tmp",
    }


def prepare(scratch: str) -> None:
    """Make HOME and a SPARK_HOME of links: local-cluster writes its work directory into it."""
    import pyspark

    for name in ("home", "t", "tmp", "spark"):
        Path(scratch, name).mkdir(mode=0o700)
    home = Path(scratch, "spark")
    for entry in Path(pyspark.__file__).parent.iterdir():
        if entry.name != "work":
            (home / entry.name).symlink_to(entry)


def start(request: StartRequest) -> SparkSession:
    """A plain session, all executors registered, each with a warm Python worker."""
    from pyspark.sql import SparkSession

    java_temp = f"-Djava.io.tmpdir={request.scratch}/tmp"  # a JVM does not read TMPDIR
    builder = (
        SparkSession.builder.master(request.master)
        .appName(f"startup {request.label} {request.contestant}")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.executor.memory", "1g")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", java_temp)
        .config("spark.executor.extraJavaOptions", java_temp)
        .config("spark.local.dir", f"{request.scratch}/local")
    )
    if request.scenario == "yarn":
        builder = (
            builder.config("spark.executor.instances", request.nodes)
            .config("spark.executor.cores", CORES_PER_EXECUTOR)
            .config("spark.executor.memoryOverhead", YARN_OVERHEAD)
            # The NodeManagers are on this machine: nothing has to be sent.
            .config("spark.yarn.jars", f"local:{request.scratch}/spark/jars/*")
        )
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    await_executors(spark, request.nodes)
    tasks = max(request.nodes, 1) * 2
    spark.sparkContext.parallelize(range(tasks), tasks).map(lambda number: number + 1).collect()
    return spark
