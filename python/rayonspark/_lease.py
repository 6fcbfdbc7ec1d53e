"""Keeps the pipe that tells Spark's JVM about the end of this process from forked children."""

from __future__ import annotations

import functools
import os
import sys


@functools.cache
def keep_from_forks() -> None:
    """Make every later fork of this process close its copy of the pipe at once.

    The JVM that pyspark launches exits when its standard input closes, and Ray's nodes exit with
    it. A forked child inherits the other end of that pipe, so a process pool or a daemon that
    outlives this process would keep the JVM and the nodes alive forever.
    """
    os.register_at_fork(after_in_child=_close_in_child)


def _close_in_child() -> None:
    pyspark = sys.modules.get("pyspark")
    gateway = getattr(getattr(pyspark, "SparkContext", None), "_gateway", None)
    # Under spark-submit the JVM is this process's parent, and there is no pipe.
    stdin = getattr(getattr(gateway, "proc", None), "stdin", None)
    if stdin is not None:
        stdin.close()
