"""One Hadoop for all of these tests, and what a client of it has set up on its machine."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pyspark
import pytest
from cluster import client
from cluster.leftovers import Leftovers
from cluster.program import Program

from . import hadoop
from .hadoop import CHECKOUT, Hadoop

SPARK_HOME = Path(pyspark.__file__).parent

DEFAULTS = {
    # Every host of ours has this Spark: nothing of it has to be sent.
    "spark.yarn.jars": f"local:{SPARK_HOME}/jars/*",
    "spark.yarn.maxAppAttempts": "1",
    "spark.yarn.am.memory": "512m",
    "spark.driver.memory": "512m",
    "spark.ui.enabled": "false",
    "spark.rayonspark.dashboard": "false",
}
"""The machine's spark-defaults.conf, as an administrator would write it."""


@pytest.fixture(scope="session")
def yarn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hadoop]:
    """A ResourceManager, two NodeManagers and HDFS; this process is a client of theirs."""
    if not hadoop.CLASS_PATH.is_file():
        pytest.fail(f"There is no {hadoop.CLASS_PATH}: make test-yarn makes it.")
    directory = tmp_path_factory.mktemp("hadoop")
    with hadoop.running(directory) as started, pytest.MonkeyPatch.context() as environment:
        spark_conf = directory / "spark-conf"
        spark_conf.mkdir()
        rows = "".join(f"{key} {value}\n" for key, value in DEFAULTS.items())
        (spark_conf / "spark-defaults.conf").write_text(rows)
        environment.setenv("SPARK_CONF_DIR", str(spark_conf))
        environment.setenv("HADOOP_CONF_DIR", str(started.conf))
        environment.setenv("SPARK_HOME", str(SPARK_HOME))
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        environment.setenv("PYTHONPATH", str(CHECKOUT / "python"))
        user = os.environ.get("USER", "root")
        started.fs("-mkdir", "-p", f"/user/{user}")
        yield started


@pytest.fixture(autouse=True)
def leaves_nothing_behind(yarn: Hadoop) -> Iterator[Leftovers]:
    """No process and no file of Ray's or ours on any host, when a test has ended."""
    leftovers = Leftovers.before()
    yield leftovers
    leftovers.assert_none(15)


@pytest.fixture
def run_program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Runs a command line of a user's."""
    programs: list[Program] = []

    def run(*argv: str, env: dict[str, str] | None = None) -> Program:
        program = Program.start(list(argv), cwd=tmp_path, env=env or {})
        programs.append(program)
        return program

    yield run
    for program in programs:
        program.end()


class Client(client.Client):
    """One on YARN."""

    def __init__(self, directory: Path, **arguments: Any) -> None:
        super().__init__(directory, "yarn", **arguments)

    def containers(self) -> dict[str, psutil.Process]:
        """The JVMs of this application's containers, by their container's id."""
        return containers(self.application)


def containers(application: str) -> dict[str, psutil.Process]:
    """The JVMs of an application's containers, by their container's id."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            directory = Path(process.cwd())
            if process.name() == "java" and directory.parent.name == application:
                found[directory.name] = process
    return found


@pytest.fixture
def start_client(yarn: Hadoop, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Starts an application whose driver is beside the tests."""
    clients: list[Client] = []

    def start(**arguments: Any) -> Client:
        clients.append(Client(tmp_path, **arguments))
        return clients[-1]

    yield start
    for started in clients:
        started.program.end()
