"""What a cluster could leave on this machine: processes, directories, shared memory, ports."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

POLL_S = 0.1
"""No event reports that another process has ended or a file was removed, so the tests poll."""

RAY_NAMES = ("raylet", "gcs_server", "ray::", "ray_node.py", "guard.py", "dashboard/agent.py")


def ray_processes() -> dict[int, str]:
    """Full command lines of the processes on this machine that belong to a Ray node."""
    found = {}
    for process in psutil.process_iter():
        line = command_line(process)
        if any(name in line for name in RAY_NAMES) and "pytest" not in line:
            found[process.pid] = line
    return found


def executors_under(jvm: psutil.Process) -> list[psutil.Process]:
    """Spark's executors among the descendants of a process."""
    found = jvm.children(recursive=True)
    return [p for p in found if "CoarseGrainedExecutorBackend" in command_line(p)]


def command_line(process: psutil.Process) -> str:
    """The command line of a process; "" if it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def node_directories() -> set[str]:
    return {str(path) for path in Path("/tmp").glob("ros-*")}


def shared_memory() -> set[str]:
    shm = Path("/dev/shm")
    return {str(path) for path in shm.iterdir()} if shm.exists() else set()


def eventually(condition, within_s: float) -> bool:
    """Whether `condition()` becomes true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


@dataclass(frozen=True)
class Leftovers:
    """What existed before a test; only what has appeared since counts."""

    processes: frozenset[int]
    directories: frozenset[str]
    memory: frozenset[str]
    counts: Callable[[int], bool]
    """Whether a process can belong to the tested cluster."""

    @classmethod
    def before(cls, counts: Callable[[int], bool] = lambda pid: True) -> Leftovers:
        return cls(
            frozenset(ray_processes()),
            frozenset(node_directories()),
            frozenset(shared_memory()),
            counts,
        )

    def found(self) -> dict[str, object]:
        """Everything that has appeared since and still exists."""
        found = ray_processes()
        processes = {
            # A raylet's command line has thousands of characters.
            pid: line[:200]
            for pid, line in found.items()
            if pid not in self.processes and self.counts(pid)
        }
        if not all(self.counts(pid) for pid in found):
            # If another Ray runs here too, a directory may belong to either of them.
            return {"processes": processes} if processes else {}
        directories = node_directories() - self.directories
        memory = shared_memory() - self.memory
        rows = {"processes": processes, "directories": directories, "shared memory": memory}
        return {name: things for name, things in rows.items() if things}

    def assert_none(self, within_s: float = 5.0) -> None:
        eventually(lambda: not self.found(), within_s)
        left = self.found()
        assert left == {}, left


def none_left() -> Iterator[Leftovers]:
    """The body of a fixture: checks at its end that nothing new is left."""
    leftovers = Leftovers.before()
    yield leftovers
    leftovers.assert_none()


def listening(port: int) -> bool:
    """Whether a process listens on that port of this machine."""
    connections = psutil.net_connections(kind="tcp")
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


def listened_ports(processes: Iterable[psutil.Process]) -> dict[int, str]:
    """The TCP ports on which these processes listen, each with its process's command line."""
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    found[connection.laddr.port] = command_line(process)[:200]
    return found


def children_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def child_named(pid: int, name: str) -> psutil.Process:
    """The descendant of a process that has that name."""
    return next(process for process in children_of(pid) if process.name() == name)


def is_alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}") and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
