"""One application with many arguments: ports, a queue, archives, two nodes on one host.

Its Python environment is sent to hosts that lack it, and Ray ends with its driver.
"""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from cluster.driver import ROWS
from cluster.leftovers import Leftovers, ray_processes
from cluster.spark_under_test import SPARK_HOME

from .conftest import Client
from .hadoop import HOSTS, QUEUE, Hadoop

WITHIN_S = 15.0
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


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(yarn: Hadoop) -> Leftovers:
    """The tests share one application: the last of them checks for leftovers."""
    return Leftovers.before()


@pytest.fixture(scope="module")
def client(
    spark_archive: str,
    small_venv: Path,
    leaves_nothing_behind: Leftovers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("client")
    with zipfile.ZipFile(directory / "words.zip", "w") as words:
        words.writestr("word.txt", "in an archive")
    ports = f"range={RANGE.start}-{RANGE.stop - 1},worker={WORKERS.start}-{WORKERS.stop - 1}"
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PYSPARK_PYTHON")
        environment.setenv("XDG_CACHE_HOME", str(directory / "cache"))
        started = Client(
            directory,
            python=small_venv / "bin/python",
            num_nodes=NODES,
            driver_cores=2,
            driver_memory="640m",
            additional_archive=f"{directory}/words.zip#words",
            spark_yarn_archive=spark_archive,
            queue=QUEUE,
            conf={
                "spark.rayonspark.ports": ports,
                # Nothing but the archive's jars.
                "spark.executor.extraClassPath": ".",
            },
            init_ray_on_spark=True,
        )
        yield started
    started.end()


def test_every_argument_takes_effect(
    client: Client, yarn: Hadoop, leaves_nothing_behind: Leftovers
) -> None:
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


def test_the_active_venv_is_sent_and_packed_only_once(client: Client, small_venv: Path) -> None:
    for task in client.ask("tasks"):
        assert "/container_" in task["prefix"]
        assert task["prefix"].endswith("/python_env")
    assert client.ask("imported", "only_here", "WORD") == ["travelled", "travelled"]
    assert "packing the environment" in client.program.text()
    assert "every host must have" in client.program.text()
    # What the next start would do.
    again = "from rayonspark._packing import packed; print(packed())"
    found = subprocess.run(
        [small_venv / "bin/python", "-c", again],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "packing the environment" not in found.stderr
    assert Path(found.stdout.strip()).is_relative_to(os.environ["XDG_CACHE_HOME"])


def test_everything_ends_with_the_drivers_python(
    client: Client, leaves_nothing_behind: Leftovers
) -> None:
    client.program.process.kill()

    client.program.wait()
    leaves_nothing_behind.assert_none(WITHIN_S)
