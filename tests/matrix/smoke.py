"""The program of one cell: runs everything once, on two executors; exits with 0 if all succeeded.

    python -m matrix.smoke SPARK SCALA RAY SECONDS

The Spark, the Ray and the jar that run must have these versions. After SECONDS, it prints where it
hangs, and exits. The output line that begins with "CELL " is JSON: what ran. The last line is
"PASSED".
"""

from __future__ import annotations

import faulthandler
import importlib.metadata
import json
import platform
import sys
import time
from typing import Any

import numpy as np
import psutil
import pyspark
import ray
from cluster.leftovers import Leftovers, child_named, eventually, executors_under
from pyspark import SparkContext
from pyspark.sql import SparkSession
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from rayonspark import RayCluster, VersionMismatchException, __version__, configure_spark

from matrix.both_ways import every_type, rows_of_all_executors

UPDATES = 5
BEGUN = time.monotonic()


@ray.remote(num_cpus=0)
class ParameterServer:
    """Holds the parameters, and counts the updates that it has applied."""

    def __init__(self) -> None:
        self.parameters = np.zeros(10)
        self.updates = 0

    def read(self) -> np.ndarray:
        return self.parameters

    def apply(self, update: np.ndarray) -> None:
        self.parameters = self.parameters + update
        self.updates += 1

    def count(self) -> int:
        return self.updates


@ray.remote(num_cpus=1)
def worker(server: Any) -> str:
    """Send updates to the server, and return the id of the node that this ran on."""
    for _ in range(UPDATES):
        ray.get(server.apply.remote(1e-3 * ray.get(server.read.remote()) + np.ones(10)))
    return ray.get_runtime_context().get_node_id()


def say(step: str) -> None:
    print(f"[{time.monotonic() - BEGUN:5.1f} s] {step}", flush=True)


def session() -> SparkSession:
    """Two executors, each a process with one core."""
    # The options of a JVM's launch apply to all sessions of this process, so there are none.
    SparkContext._ensure_initialized()
    builder = (
        SparkSession.builder.master("local-cluster[2,1,1408]")
        .appName("rayonspark matrix")
        .config("spark.executor.memory", "896m")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        # Spark 4.1 has the type TIME, but does not enable it by default.
        .config("spark.sql.timeType.enabled", "true")
    )
    return configure_spark(builder).getOrCreate()


def what_runs(spark: SparkSession) -> dict[str, str]:
    """Return the versions, as each component reports its own, and the name of the jar."""
    jvm: Any = spark.sparkContext._jvm
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    of_jar = loader.getResource("org/rayonspark/build.properties").toString()
    return {
        "spark": spark.version,
        "scala": jvm.scala.util.Properties.versionNumberString(),
        "java": jvm.java.lang.System.getProperty("java.version"),
        "python": platform.python_version(),
        "ray": ray.__version__,
        "jar": of_jar.partition("!")[0].rpartition("/")[2],
    }


def assert_wanted(found: dict[str, str], spark: str, scala: str, ray_version: str) -> None:
    """Assert that these are the versions of the cell."""
    minor = ".".join(spark.split(".")[:2])
    assert found["spark"] == pyspark.__version__ == spark, found
    assert found["scala"].startswith(f"{scala}."), found
    assert found["ray"] == importlib.metadata.version("ray") == ray_version, found
    assert found["jar"] == f"rayonspark-spark-{minor}_{scala}-{__version__}.jar", found


def start(spark: SparkSession) -> RayCluster:
    fields: dict[str, Any] = {"object_store_memory": "150m", "staging_memory": "40m"}
    if tuple(int(part) for part in ray.__version__.split(".")[:2]) < (2, 52):
        # These versions have no tokens.
        assert_tokens_refused(spark)
        fields["auth"] = "disabled"
    return RayCluster.start(
        spark, num_nodes=2, cpus_per_node=1, ray_init={"log_to_driver": False}, **fields
    )


def assert_tokens_refused(spark: SparkSession) -> None:
    """Assert that the start fails without `auth`, in Python, before it begins."""
    said = "nothing"
    try:
        RayCluster.start(spark, num_nodes=2)
    except VersionMismatchException as refused:
        said = str(refused)
    assert said.startswith(f"This is Ray {ray.__version__}, but auth is token"), said


def train(cluster: RayCluster) -> None:
    """Run the parameter server and a worker on each node."""
    nodes = [node.ray_node_id for node in cluster.nodes if node.role == "worker"]
    nodes = [node for node in nodes if node in {n["NodeID"] for n in ray.nodes() if n["Alive"]}]
    assert len(nodes) == 2, cluster.nodes
    server = ParameterServer.remote()
    affinities = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
    running = [worker.options(scheduling_strategy=there).remote(server) for there in affinities]
    assert ray.get(running, timeout=60) == nodes
    assert ray.get(server.count.remote()) == len(nodes) * UPDATES
    ray.kill(server)


def lose_an_executor(spark: SparkSession, cluster: RayCluster) -> None:
    """Kill an executor: its node ends with it, and another executor gets another node."""
    jvm = psutil.Process(spark.sparkContext._gateway.proc.pid)
    lost = next(node for node in cluster.nodes if node.role == "worker")
    raylet = child_named(lost.pid, "raylet")

    def holds(executor: psutil.Process) -> bool:
        return any(child.pid == lost.pid for child in executor.children(recursive=True))

    next(executor for executor in executors_under(jvm) if holds(executor)).kill()
    assert eventually(lambda: not raylet.is_running(), within_s=10), raylet

    def replaced() -> bool:
        alive = [node.executor_id for node in cluster.nodes if node.state == "alive"]
        return len(alive) == 3 and lost.executor_id not in alive

    assert eventually(replaced, within_s=90), cluster.nodes
    assert eventually(lambda: sum(n["Alive"] for n in ray.nodes()) == 3, within_s=60), ray.nodes()


def main(spark_version: str, scala: str, ray_version: str, within_s: float) -> None:
    faulthandler.dump_traceback_later(within_s, exit=True)
    leftovers = Leftovers.before()
    spark = session()
    say("Spark runs")
    cluster = start(spark)
    # The product puts its jar on the class path when it first needs it.
    found = what_runs(spark)
    print(f"CELL {json.dumps(found)}", flush=True)
    say("Ray runs")
    assert_wanted(found, spark_version, scala, ray_version)
    train(cluster)
    say("the parameter server counted each update")
    every_type(spark, cluster)
    rows_of_all_executors(spark, cluster)
    say("every type went both ways")
    lose_an_executor(spark, cluster)
    train(cluster)
    rows_of_all_executors(spark, cluster)
    say("a lost executor's node was replaced")
    cluster.stop()
    leftovers.assert_none()
    assert not ray.is_initialized()
    assert spark.range(10).count() == 10
    jvm = psutil.Process(spark.sparkContext._gateway.proc.pid)
    spark.stop()
    assert eventually(lambda: not executors_under(jvm), within_s=10), executors_under(jvm)
    leftovers.assert_none()
    say("nothing is left")
    faulthandler.cancel_dump_traceback_later()
    print("PASSED", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4], within_s=float(sys.argv[4]))
