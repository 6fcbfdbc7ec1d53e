"""Between hosts that share no memory: an executor without a Ray node sends its data to another.

Two more hosts are made of this one: Spark workers with an address and a /dev/shm of their own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyspark
import pytest
from cluster.leftovers import Leftovers, eventually, listening
from cluster.sessions import LOCAL_CLUSTER_ENV
from cluster.threads import jvm_threads, ours
from pyspark.sql import SparkSession
from rayonspark import RayCluster, configure_spark

ROWS = 2_000_000
SUM = ROWS * (ROWS - 1) // 2
DRIVER = "127.0.0.1"
WORKERS = ("127.0.0.2", "127.0.0.3")
OWN_MEMORY = ["unshare", "--mount", "bash", "-c", 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "-"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((DRIVER, 0))
        return int(probe.getsockname()[1])


def daemon(stack: ExitStack, argv: list[str], host: str, directory: Path) -> None:
    """Start a process of Spark's standalone cluster, and end it with the stack."""
    spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    prefix = OWN_MEMORY if host in WORKERS else []
    directory.mkdir()
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen(
            [*prefix, spark_class, *argv],
            env=os.environ
            | LOCAL_CLUSTER_ENV
            | {"SPARK_LOCAL_IP": host, "SPARK_NO_DAEMONIZE": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    stack.callback(process.wait)
    stack.callback(process.terminate)


@pytest.fixture(scope="module")
def spark(
    leaves_nothing_behind: Leftovers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkSession]:
    """One executor on each of two hosts, neither of them the driver's."""
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can give a process a /dev/shm of its own")
    if subprocess.run([*OWN_MEMORY, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this system does not let a process have a /dev/shm of its own")
    home = tmp_path_factory.mktemp("standalone")
    port = free_port()
    with ExitStack() as stack:
        master = "org.apache.spark.deploy.master.Master"
        argv = ["--host", DRIVER, "--port", str(port), "--webui-port", "0"]
        daemon(stack, [master, *argv], DRIVER, home / "master")
        assert eventually(lambda: listening(port), within_s=60)
        for host in WORKERS:
            worker = "org.apache.spark.deploy.worker.Worker"
            argv = ["--host", host, "--cores", "1", "--memory", "1g", "--webui-port", "0"]
            work = ["--work-dir", str(home / host / "work"), f"spark://{DRIVER}:{port}"]
            daemon(stack, [worker, *argv, *work], host, home / host)
        builder = (
            SparkSession.builder.master(f"spark://{DRIVER}:{port}")
            .config("spark.driver.host", DRIVER)
            .config("spark.driver.bindAddress", DRIVER)
            .config("spark.executor.memory", "512m")
            # A task goes to a free executor at once, also to the wrong one.
            .config("spark.locality.wait", "0s")
            .config("spark.ui.enabled", "false")
        )
        session = configure_spark(builder).getOrCreate()
        try:
            tracker = session.sparkContext._jsc.sc().statusTracker()
            assert eventually(lambda: len(tracker.getExecutorInfos()) == 3, within_s=60)
            yield session
        finally:
            session.stop()


@pytest.fixture
def cluster(spark: SparkSession) -> Iterator[RayCluster]:
    """A node beside one of the two executors."""
    with RayCluster.start(
        spark,
        num_nodes=1,
        cpus_per_node=1,
        object_store_memory="150m",
        staging_memory="40m",
        ray_init={"log_to_driver": False},
    ) as started:
        yield started


def test_rows_cross_between_hosts_in_both_directions(
    spark: SparkSession, cluster: RayCluster
) -> None:
    dataset = cluster.to_ray(spark.range(0, ROWS, 1, 8))

    assert dataset.sum("id") == SUM
    assert 0 < cluster.last_exchange.local_share < 1

    back = cluster.to_spark(dataset)

    for _ in range(2):
        assert back.groupBy().sum("id").first()[0] == SUM
    assert 0 < cluster.last_exchange.local_share < 1


def test_a_frame_larger_than_the_staging_crosses(spark: SparkSession, cluster: RayCluster) -> None:
    rows = 20_000_000

    dataset = cluster.to_ray(spark.range(0, rows, 1, 4))

    assert dataset.count() == rows
    del dataset


def test_a_nodes_route_ends_with_its_cluster(spark: SparkSession) -> None:
    with RayCluster.start(
        spark, num_nodes=1, cpus_per_node=1, object_store_memory="150m"
    ) as cluster:
        assert cluster.to_ray(spark.range(0, ROWS, 1, 8)).count() == ROWS
        running = ours(jvm_threads(spark)["executors"])
        assert any("server" in name for name in running), (running, cluster.last_exchange)

    assert eventually(lambda: not any(map(ours, jvm_threads(spark).values())), within_s=30)
