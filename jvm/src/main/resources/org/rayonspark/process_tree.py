"""The processes below this one: ties them to it, finds them and signals them.

Needs only Python 3.8 and its standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def _linux_prctl() -> Any:
    """Returns the system call that ties processes to their parent; None outside Linux."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    return prctl


def adopt_orphans() -> None:
    """Makes this process the parent of every orphan below it, whatever session it is in."""
    prctl = _linux_prctl()
    if prctl:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def prepare_to_follow() -> Callable[[], None]:
    """Returns what a child process runs before its program, so that it dies with this process."""
    parent, prctl = os.getpid(), _linux_prctl()

    def follow() -> None:
        if prctl:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            # The parent may have died before the child made this call.
            if os.getppid() != parent:
                os._exit(1)

    return follow


def kill(pid: int, signum: int) -> None:
    # It is gone, or belongs to another user: the caller counts afterwards what is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signum)


def is_autoscaler_monitor(pid: int) -> bool:
    """Whether this is the autoscaler's monitor, the only process of Ray that cannot end cleanly.

    On SIGTERM it tells all drivers that the autoscaler failed, and then waits for a GCS that `ray
    start` has already ended. Ray allows one second for that, most of the time of a head's stop.
    """
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(b"/autoscaler/" in a and a.endswith(b"/monitor.py") for a in arguments[:4])


def descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in _parents().items():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    unseen = [ancestor]
    while unseen:
        below = children.get(unseen.pop(), [])
        found += below
        unseen += below
    return found


def _parents() -> dict[int, int]:
    """Returns the parent of every process that is visible on this system."""
    if not Path("/proc/self").exists():
        # This `ps` is itself a child, but is gone afterwards.
        listing = subprocess.Popen(["ps", "-A", "-o", "pid=,ppid="], stdout=subprocess.PIPE)
        rows = [line.split() for line in listing.communicate()[0].splitlines()]
        return {int(pid): int(parent) for pid, parent in rows if int(pid) != listing.pid}
    found = {}
    for pid in filter(str.isdigit, (entry.name for entry in Path("/proc").iterdir())):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # "pid (command) state parent …": the command may hold spaces and brackets.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()
            found[int(pid)] = int(fields[1])
    return found
