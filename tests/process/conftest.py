import contextlib
import os
import pathlib
import time

import pytest
from guarded import Guarded

MARKER = "RAYONSPARK_TEST"


def pids_marked(mark):
    """Every living process that was started with this mark in its environment."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if f"{MARKER}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


PATIENCE_S = 20.0
"""Many times as long as any step takes, and a third of a grace that no test may wait out."""
LONG_GRACE_S = 3 * PATIENCE_S


def eventually(check, limit_s=PATIENCE_S):
    """Waits until the check holds."""
    started = time.monotonic()
    while not check():
        assert time.monotonic() - started < limit_s, f"the check did not hold within {limit_s} s"
        time.sleep(0.02)  # no event reports that a process has ended


@pytest.fixture
def base(tmp_path_factory):
    """A directory with a short path, because Ray's sockets need one."""
    path = pathlib.Path("/tmp") / f"t{os.getpid()}-{time.monotonic_ns() % 1000000}"
    path.mkdir()
    yield path
    assert list(path.glob("ros-*")) == []
    path.rmdir()


@pytest.fixture
def start(base):
    """Starts guards, and checks at the end that none of their processes is left."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    started = []

    def start(child=None, *, env=None, **options):
        guarded = Guarded(base, child=child, env={MARKER: mark, **(env or {})}, **options)
        started.append(guarded)
        return guarded

    start.pids = lambda: pids_marked(mark)
    yield start
    for guarded in started:
        guarded.process.stdin.close()
    eventually(lambda: not pids_marked(mark))
    for guarded in started:
        guarded.process.wait(5)
