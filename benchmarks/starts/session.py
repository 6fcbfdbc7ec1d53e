"""Starts the Spark session of a measured start, and warms it up before the clock starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from starts.registration import await_executors
from starts.request import CORES_PER_EXECUTOR, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONTAINER_OVERHEAD = "2g"
"""For Ray, in addition to an executor's heap."""

SHARED_MEMORY = "spark.kubernetes.executor.volumes.emptyDir.shm"


def environment(scratch: str) -> dict[str, str]:
    """Return the environment of every contestant's process."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        # Ray 2.59 and later write a token into HOME; keep it in the scratch directory.
        "HOME": f"{scratch}/home",
        # The peer needs `ray` on the PATH.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYSPARK_PYTHON": sys.executable,
        "RAY_USAGE_STATS_ENABLED": "0",
        # local-cluster needs these if pyspark was installed by pip.
        "SPARK_HOME": f"{scratch}/spark",
        "SPARK_SCALA_VERSION": os.environ.get("SPARK_SCALA_VERSION", "2.13"),
        "TMPDIR": f"{scratch}/tmp",
    }


def prepare(scratch: str) -> None:
    """Create HOME, and a SPARK_HOME of links, because local-cluster writes a directory into it."""
    import pyspark

    for name in ("home", "t", "tmp", "spark"):
        Path(scratch, name).mkdir(mode=0o700)
    home = Path(scratch, "spark")
    for entry in Path(pyspark.__file__).parent.iterdir():
        if entry.name != "work":
            (home / entry.name).symlink_to(entry)


def start(request: StartRequest) -> SparkSession:
    """Start a plain session; all executors are registered, each with a warm Python worker."""
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
        .config("spark.local.dir", f"{request.scratch}/local")
    )
    for key, value in _of_scenario(request, java_temp).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    await_executors(spark, request.nodes)
    tasks = max(request.nodes, 1) * 2
    spark.sparkContext.parallelize(range(tasks), tasks).map(lambda number: number + 1).collect()
    return spark


def _of_scenario(request: StartRequest, java_temp: str) -> dict[str, str]:
    """Return the settings that depend on the cluster manager."""
    containers = {
        "spark.executor.instances": str(request.nodes),
        "spark.executor.cores": str(CORES_PER_EXECUTOR),
        "spark.executor.memoryOverhead": CONTAINER_OVERHEAD,
    }
    if request.scenario == "k8s":
        return containers | {
            f"{SHARED_MEMORY}.mount.path": "/dev/shm",
            f"{SHARED_MEMORY}.options.medium": "Memory",
            f"{SHARED_MEMORY}.options.sizeLimit": "1Gi",
        }
    ours = {"spark.executor.extraJavaOptions": java_temp}
    if request.scenario == "yarn":
        # The NodeManagers run on this machine, so no jars need to be uploaded.
        return ours | containers | {"spark.yarn.jars": f"local:{request.scratch}/spark/jars/*"}
    return ours
