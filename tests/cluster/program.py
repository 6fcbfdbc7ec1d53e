"""A user's program as a child process, with its output line by line."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "TEST "
"""Lines with this prefix are meant for the test; the rest is noise from Spark and Ray."""


@dataclass
class Program:
    process: subprocess.Popen[str]
    lines: queue.Queue[str | None] = field(default_factory=queue.Queue)
    output: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, argv: list[str], *, cwd: Path, env: dict[str, str]) -> Program:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=os.environ | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        program = cls(process)
        threading.Thread(target=program._drain, daemon=True).start()
        return program

    def _drain(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if line.startswith(PREFIX):
                self.lines.put(line.removeprefix(PREFIX).strip())
        self.lines.put(None)

    def line(self, timeout_s: float = 120.0) -> str:
        """The next line that the program prints for the test."""
        line = self.lines.get(timeout=timeout_s)
        assert line is not None, f"the program ended:\n{self.text()}"
        return line

    def say(self, text: str) -> None:
        """Answers the program's input()."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def wait(self, timeout_s: float = 120.0) -> int:
        return self.process.wait(timeout_s)

    def text(self) -> str:
        return "".join(self.output)

    def end(self) -> None:
        """Closes its input and waits; kills a program that does not end."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        deadline = time.monotonic() + 20
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def runs_programs(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """The body of a fixture that runs a user's programs, each in a process of its own.

    If one of them dies, the test goes on.
    """
    programs: list[Program] = []

    def run(source: str, *, env: dict[str, str] | None = None) -> Program:
        path = tmp_path / f"program_{len(programs)}.py"
        path.write_text(source)
        program = Program.start([sys.executable, str(path)], cwd=tmp_path, env=env or {})
        programs.append(program)
        return program

    yield run
    for program in programs:
        program.end()
