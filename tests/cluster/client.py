"""A driver in client mode as a child process, on any kind of cluster."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .program import Program

LIMIT_S = 180.0


class Client:
    """A driver in client mode that does what a test asks.

    Parameters
    ----------
    mode
        The cluster mode; `arguments` are the other arguments of `init_orca_context`.
    inside
        Returns the command line that runs a command where a driver of that cluster can run.
    """

    def __init__(
        self,
        directory: Path,
        mode: str,
        *,
        python: Path = Path(sys.executable),
        inside: Callable[..., list[str]] = lambda *argv: list(argv),
        **arguments: Any,
    ) -> None:
        program = str(Path(__file__).with_name("driver.py"))
        given = {"cores": 1, "memory": "512m", "num_nodes": 2, "object_store_memory": "100m"}
        argv = inside(str(python), program, mode, json.dumps(given | arguments))
        self.program = Program.start(argv, cwd=directory, env={})
        self.application = json.loads(self.program.line(LIMIT_S))["application"]

    def ask(self, name: str, *arguments: Any) -> Any:
        """Call one of the driver's methods, and return what it returns."""
        self.program.say(json.dumps([name, arguments]))
        answer = json.loads(self.program.line(LIMIT_S))
        assert "error" not in answer, answer["error"]
        return answer["value"]
