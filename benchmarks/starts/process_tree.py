"""The processes below this one, read from /proc: what a stop must end, and what it leaves."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
POLL_S = 0.02
"""Polling period: no event reports the end of a grandchild."""


@dataclass(frozen=True)
class ProcessId:
    """A pid and its start time, so that a reused pid is not mistaken for the old process."""

    pid: int
    started: str


def become_subreaper() -> None:
    """Adopt orphans below this process, so that the scan finds them."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants() -> dict[ProcessId, str]:
    """Return every living process below this one, with its command line; zombies do not count."""
    children: dict[int, list[tuple[ProcessId, bool]]] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            # The name in parentheses may hold spaces; the fields after it do not.
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        process = ProcessId(int(entry.name), fields[19])
        children.setdefault(int(fields[1]), []).append((process, fields[0] == "Z"))
    found: dict[ProcessId, str] = {}
    waiting = [os.getpid()]
    while waiting:
        for process, zombie in children.get(waiting.pop(), []):
            waiting.append(process.pid)
            if not zombie:
                found[process] = _command_line(process.pid)
    return found


def descendants_since(before: dict[ProcessId, str]) -> dict[ProcessId, str]:
    """Return the descendants that are not in `before`."""
    return {process: line for process, line in descendants().items() if process not in before}


def await_gone(before: dict[ProcessId, str], timeout_s: float) -> dict[ProcessId, str]:
    """Wait until only Spark's Python workers are new, or the timeout ends; return what is left."""
    deadline = time.monotonic() + timeout_s
    while True:
        new = descendants_since(before)
        left = {process: line for process, line in new.items() if "pyspark.daemon" not in line}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(POLL_S)


def kill(processes: dict[ProcessId, str]) -> None:
    """Send SIGKILL to processes below this one, by pid."""
    for process in processes:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def reap() -> None:
    """Reap the orphans that have ended, as a subreaper must."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
