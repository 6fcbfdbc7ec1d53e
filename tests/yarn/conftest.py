"""One Hadoop for all of these tests, and the configuration of a client's machine."""

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
import pytest
from cluster import driver
from cluster import small_venv as environment
from cluster.leftovers import Leftovers
from cluster.program import Program
from cluster.spark_under_test import PYTHON_PATH, SPARK_HOME
from fast_jvm import class_path, options
from ray_workers import KEPT

from . import hadoop
from .hadoop import Hadoop

LIMIT_S = 180.0

DEFAULTS = {
    # Every host has this Spark, so none of it has to be sent.
    "spark.yarn.jars": f"local:{SPARK_HOME}/jars/*",
    "spark.yarn.maxAppAttempts": "1",
    "spark.yarn.am.memory": "512m",
    "spark.driver.memory": "512m",
    "spark.ui.enabled": "false",
    "spark.rayonspark.dashboard": "false",
    # A container does not inherit its client's environment.
    "spark.driver.defaultJavaOptions": options(),
    "spark.executor.defaultJavaOptions": options(),
    "spark.yarn.am.extraJavaOptions": options(),
    "spark.driver.extraClassPath": class_path(SPARK_HOME),
    "spark.executor.extraClassPath": class_path(SPARK_HOME),
    f"spark.executorEnv.{KEPT[0]}": KEPT[1],
}
"""The machine's spark-defaults.conf, as an administrator would write it."""


@pytest.fixture(scope="session")
def yarn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hadoop]:
    """A ResourceManager, two NodeManagers and HDFS; this process is their client."""
    if not hadoop.CLASS_PATH.is_file():
        pytest.fail(f"{hadoop.CLASS_PATH} is missing. Run make test-yarn, which creates it.")
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
        environment.setenv("PYTHONPATH", PYTHON_PATH)
        user = os.environ.get("USER", "root")
        started.fs("-mkdir", "-p", f"/user/{user}")
        yield started


@pytest.fixture(autouse=True)
def leaves_nothing_behind(yarn: Hadoop) -> Iterator[Leftovers]:
    """Check after each test that no process or file of Ray or RayOnSpark is left on any host."""
    leftovers = Leftovers.before()
    yield leftovers
    leftovers.assert_none(15)


@pytest.fixture
def run_program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Runs a user's command line."""
    programs: list[Program] = []

    def run(*argv: str, env: dict[str, str] | None = None) -> Program:
        program = Program.start(list(argv), cwd=tmp_path, env=env or {})
        programs.append(program)
        return program

    yield run
    for program in programs:
        program.end()


class Client:
    """A user's program: the driver or, in cluster mode, the process that waits for the driver."""

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
        """Call a method of the driver, and return its result."""
        self._lines.write(json.dumps([name, arguments]) + "\n")
        self._lines.flush()
        return self._answer()["value"]

    def containers(self) -> dict[str, psutil.Process]:
        """The JVMs of this application's containers, by container id."""
        return containers(self.application)

    def executors(self) -> list[psutil.Process]:
        """The JVMs of its executors; the first container is the application master's."""
        jvms = self.containers()
        return [jvms[name] for name in sorted(jvms)[1:]]

    def text(self, yarn: Hadoop) -> str:
        """What the driver has printed and logged so far."""
        if self.mode == "yarn":
            return self.program.text()
        first = min(yarn.logs().glob(f"*/{self.application}/*"), key=lambda path: path.name)
        return "".join((first / name).read_text() for name in ("stdout", "stderr"))

    def end(self) -> None:
        """Let the driver end like a program that has reached its last line."""
        with contextlib.suppress(OSError):
            self._lines.close()
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.wait(LIMIT_S)
        self.program.end()

    def _accept(self, listener: socket.socket) -> socket.socket:
        listener.settimeout(1.0)
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline and self.program.process.poll() is None:
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                connection.settimeout(LIMIT_S)
                return connection
        self.program.end()
        raise AssertionError(f"The driver did not connect:\n{self.program.text()}")

    def _answer(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, f"The driver has ended:\n{self.program.text()}"
        answer: dict[str, Any] = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer


def containers(application: str) -> dict[str, psutil.Process]:
    """The JVMs of an application's containers, by container id."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            directory = Path(process.cwd())
            if process.name() == "java" and directory.parent.name == application:
                found[directory.name] = process
    return found


@pytest.fixture
def start_client(yarn: Hadoop, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Starts an application from a client next to the tests."""
    clients: list[Client] = []

    def start(**arguments: Any) -> Client:
        clients.append(Client(tmp_path, **arguments))
        return clients[-1]

    yield start
    for client in clients:
        client.end()


@pytest.fixture(scope="session")
def small_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with one package of its own; every host already has the large packages."""
    return environment.small_venv(tmp_path_factory.mktemp("small") / "venv")


@pytest.fixture(scope="session")
def packed_venv(small_venv: Path) -> Path:
    """The same venv, as a user packs it."""
    archive = small_venv.with_name("env.tar.gz")
    packer = Path(sys.executable).with_name("venv-pack")
    subprocess.run([packer, "-q", "-p", small_venv, "-o", archive], check=True)
    return archive
