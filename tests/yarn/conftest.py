"""One Hadoop for all of these tests, and what a client of it has set up on its machine."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pyspark
import pytest
from cluster import driver
from cluster import small_venv as environment
from cluster.leftovers import Leftovers
from cluster.program import Program

from . import hadoop
from .hadoop import CHECKOUT, Hadoop

SPARK_HOME = Path(pyspark.__file__).parent

PATIENCE_S = 180.0

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


class Client:
    """A user's program: the driver, or in cluster mode who waits for it."""

    def __init__(
        self,
        directory: Path,
        *,
        mode: str = "yarn",
        python: Path = Path(sys.executable),
        **arguments: Any,
    ) -> None:
        self.mode = mode
        given = {"cores": 1, "memory": "512m", "num_nodes": 2, "object_store_memory": "100m"}
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            argv = [str(python), driver.__file__, mode, json.dumps(given | arguments), address]
            self.program = Program.start(argv, cwd=directory, env={})
            self._connection = self._accept(listener)
        self._lines = self._connection.makefile("rw")
        self.application = self._answer()["application"]

    def ask(self, name: str, *arguments: Any) -> Any:
        """Have one of the driver's methods called, and give what it gives."""
        self._lines.write(json.dumps([name, arguments]) + "\n")
        self._lines.flush()
        return self._answer()["value"]

    def containers(self) -> dict[str, psutil.Process]:
        """The JVMs of this application's containers, by their container's id."""
        return containers(self.application)

    def executors(self) -> list[psutil.Process]:
        """The JVMs of its executors: the application master's container is the first one."""
        jvms = self.containers()
        return [jvms[name] for name in sorted(jvms)[1:]]

    def said(self, yarn: Hadoop) -> str:
        """What the driver has printed and logged so far."""
        if self.mode == "yarn":
            return self.program.text()
        first = min(yarn.logs().glob(f"*/{self.application}/*"), key=lambda path: path.name)
        return "".join((first / name).read_text() for name in ("stdout", "stderr"))

    def end(self) -> None:
        """Let the driver end as a program does that has come to its last line."""
        with contextlib.suppress(OSError):
            self._lines.close()
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.wait(PATIENCE_S)
        self.program.end()

    def _accept(self, listener: socket.socket) -> socket.socket:
        listener.settimeout(1.0)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.program.process.poll() is None:
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                connection.settimeout(PATIENCE_S)
                return connection
        self.program.end()
        raise AssertionError(f"The driver did not come:\n{self.program.text()}")

    def _answer(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, f"the driver is gone:\n{self.program.text()}"
        answer: dict[str, Any] = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer


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
    for client in clients:
        client.end()


@pytest.fixture(scope="session")
def small_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with one package of its own; the large ones lie where every host has them."""
    return environment.small_venv(tmp_path_factory.mktemp("small") / "venv")


@pytest.fixture(scope="session")
def packed_venv(small_venv: Path) -> Path:
    """The same, as a user packs it."""
    archive = small_venv.with_name("env.tar.gz")
    packer = Path(sys.executable).with_name("venv-pack")
    subprocess.run([packer, "-q", "-p", small_venv, "-o", archive], check=True)
    return archive
