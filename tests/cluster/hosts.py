"""Several hosts on this machine: Spark workers, each with its own address and /dev/shm."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .leftovers import eventually, listening
from .sessions import LOCAL_CLUSTER_ENV
from .spark_under_test import SPARK_HOME

DRIVER = "127.0.0.1"
WORKERS = ("127.0.0.2", "127.0.0.3")
OWN_MEMORY = ["unshare", "--mount", "bash", "-c", 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "-"]


def obstacle() -> str | None:
    """Why this machine cannot act as several hosts; None if it can."""
    if os.getuid() != 0 or shutil.which("unshare") is None:
        return "only root can give a process a /dev/shm of its own"
    if subprocess.run([*OWN_MEMORY, "true"], check=False, capture_output=True).returncode != 0:
        return "this system does not let a process have a /dev/shm of its own"
    return None


@contextmanager
def standalone(home: Path, memory: str = "1g") -> Iterator[str]:
    """A standalone cluster with a worker of one core on each of two hosts; yields its URL.

    The driver is on a third host: its session needs `DRIVER` as host and as bind address.
    """
    port = _free_port()
    with ExitStack() as stack:
        master = "org.apache.spark.deploy.master.Master"
        argv = ["--host", DRIVER, "--port", str(port), "--webui-port", "0"]
        _daemon(stack, [master, *argv], DRIVER, home / "master")
        assert eventually(lambda: listening(port), within_s=60)
        for host in WORKERS:
            worker = "org.apache.spark.deploy.worker.Worker"
            argv = ["--host", host, "--cores", "1", "--memory", memory, "--webui-port", "0"]
            work = ["--work-dir", str(home / host / "work"), f"spark://{DRIVER}:{port}"]
            _daemon(stack, [worker, *argv, *work], host, home / host)
        yield f"spark://{DRIVER}:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((DRIVER, 0))
        return int(probe.getsockname()[1])


def _daemon(stack: ExitStack, argv: list[str], host: str, directory: Path) -> None:
    """Start a process of Spark's standalone cluster, and stop it when the stack closes."""
    spark_class = str(SPARK_HOME / "bin" / "spark-class")
    prefix = OWN_MEMORY if host in WORKERS else []
    directory.mkdir(parents=True)
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
