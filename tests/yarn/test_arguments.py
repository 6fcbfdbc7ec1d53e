"""One application with many arguments: ports, a queue, archives, two nodes on one host."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from cluster.driver import ROWS
from cluster.leftovers import Leftovers, ray_processes
from cluster.spark_under_test import SPARK_HOME

from .conftest import Client
from .hadoop import HOSTS, QUEUE, Hadoop

NODES = 3
RANGE, WORKERS = range(31000, 31100), range(31200, 31600)
UNUSED = ("hive-", "spark-hive", "kubernetes-", "spark-mllib", "breeze", "derby", "datanucleus")
"""Jars that Spark does not need here; they are half of what would be sent."""


@pytest.fixture(scope="module")
def spark_archive(yarn: Hadoop, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Spark's jars, as an administrator puts them into HDFS."""
    path = tmp_path_factory.mktemp("spark") / "spark.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for jar in (SPARK_HOME / "jars").glob("*.jar"):
            if not jar.name.startswith(UNUSED):
                archive.write(jar, jar.name)
    yarn.fs("-put", str(path), "/spark.zip")
    path.unlink()
    return f"{yarn.file_system}/spark.zip"


def listening_ports(pids: list[int]) -> dict[int, str]:
    """The ports that these processes listen on, and the command line of each process."""
    ports = {}
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.pid in pids:
            ports[connection.laddr.port] = " ".join(psutil.Process(connection.pid).cmdline())[:200]
    return ports


def test_every_argument_takes_effect(
    yarn: Hadoop,
    spark_archive: str,
    tmp_path: Path,
    start_client: Callable[..., Client],
    leaves_nothing_behind: Leftovers,
) -> None:
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as words:
        words.writestr("word.txt", "in an archive")
    ports = f"range={RANGE.start}-{RANGE.stop - 1},worker={WORKERS.start}-{WORKERS.stop - 1}"

    client = start_client(
        num_nodes=NODES,
        driver_cores=2,
        driver_memory="640m",
        additional_archive=f"{tmp_path}/words.zip#words",
        spark_yarn_archive=spark_archive,
        queue=QUEUE,
        conf={"spark.rayonspark.ports": ports},
        init_ray_on_spark=True,
    )

    nodes = [node for node in client.ask("nodes") if node["role"] == "worker"]
    assert len(nodes) == NODES
    # Two of them share a host.
    assert {node["host"] for node in nodes} == set(HOSTS)
    client.ask("employ", 1)
    here = client.ask("here")
    ours = [pid for pid in ray_processes() if pid not in leaves_nothing_behind.processes]
    opened = listening_ports([*ours, here["pid"]])
    opened.pop(here["port"], None)
    outside = {p: who for p, who in opened.items() if p not in RANGE and p not in WORKERS}
    assert outside == {}
    assert any(port in WORKERS for port in opened)
    assert yarn.application(client.application)["queue"] == f"root.{QUEUE}"
    assert client.ask("text_in_spark", "words/word.txt") == "in an archive"
    for jvm in client.executors():
        assert os.path.isdir(f"{jvm.cwd()}/__spark_libs__")
    assert 512 << 20 < here["heap"] <= 640 << 20
    assert client.ask("conf", "spark.driver.cores") == "2"
    assert client.ask("count") == ROWS
    client.ask("stop")
