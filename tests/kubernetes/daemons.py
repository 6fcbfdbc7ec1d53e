"""A cluster's daemons, each a process in its namespaces."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .namespaces import Namespaces


@dataclass
class Daemons:
    """The running daemons, by name.

    Attributes
    ----------
    directory
        Holds the daemons' logs.
    processes
        Each is the `nsenter` whose child is the daemon; it ends the way its child does.
    """

    directory: Path
    namespaces: Namespaces
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, argv: list[str]) -> None:
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.namespaces.all(*argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a daemon, and wait for its end; the processes that it started keep running."""
        process = self.processes.pop(name)
        for child in psutil.Process(process.pid).children():
            child.kill()
        process.wait()

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def assert_alive(self) -> None:
        dead = {name for name, process in self.processes.items() if process.poll() is not None}
        assert not dead, self.log_tails(dead)

    def log_tails(self, names: set[str] | None = None) -> str:
        """The last lines of these daemons' logs, or of all logs."""
        logs = sorted(self.directory.glob("*.log"))
        chosen = [log for log in logs if names is None or log.stem in names]
        return "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in chosen)

    def reap(self) -> None:
        """Wait for all daemons, after their namespaces have ended."""
        for process in self.processes.values():
            process.wait()
        self.processes.clear()
