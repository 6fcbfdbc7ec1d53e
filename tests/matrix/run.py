"""Runs a cell in a process of its own, with a deadline."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from cluster.leftovers import Leftovers, eventually

from .cells import Cell
from .fetched import CHECKOUT, CannotRunError
from .launch import Launch, launch
from .outcome import Outcome

WITHIN_S = 240.0
LOGS = CHECKOUT / "target" / "matrix"
TAIL = 60
"""Lines of the log that a failure shows."""
GONE_WITHIN_S = 20.0
"""What a killed program leaves behind ends by itself within this time."""


def run(cell: Cell, within_s: float = WITHIN_S) -> Outcome:
    """Run a cell; its output is in target/matrix."""
    try:
        prepared = launch(cell, within_s)
    except CannotRunError as why:
        return Outcome(cell, f"not run: {why}")
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{cell.name}.log"
    leftovers = Leftovers.before()
    begun = time.monotonic()
    ended = _run(prepared, log, within_s)
    seconds = time.monotonic() - begun
    eventually(lambda: not leftovers.found(), within_s=GONE_WITHIN_S)
    left = leftovers.found()
    lines = log.read_text(errors="replace").splitlines()
    found = _found(lines)
    if ended == "ended with status 0" and "PASSED" in lines and not left:
        return Outcome(cell, "passed", seconds, found)
    why = f"{cell.name} {ended}; it left {left or 'nothing'}. Its log is {log}:"
    return Outcome(cell, "failed", seconds, found, "\n".join([why, *lines[-TAIL:]]))


def _run(prepared: Launch, log: Path, within_s: float) -> str:
    """Run a program, and return how it ended."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            prepared.argv,
            cwd=LOGS,
            env=prepared.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return f"ended with status {process.wait(within_s)}"
        except subprocess.TimeoutExpired:
            return f"was killed after {within_s:.0f} s"
        finally:
            # By then, its JVM has no parent, but is still in the process group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _found(lines: list[str]) -> dict[str, str]:
    said = [line.removeprefix("CELL ") for line in lines if line.startswith("CELL ")]
    return dict(json.loads(said[-1])) if said else {}
