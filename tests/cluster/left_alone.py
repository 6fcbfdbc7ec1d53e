"""A user's program that continues after `spark.stop()` and has not stopped Ray."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .leftovers import Leftovers
from .program import Program
from .sessions import LOCAL_CLUSTER_ENV, PREAMBLE

SOURCE = (
    PREAMBLE
    + """
import ray
spark = session()
cluster = RayCluster.start(spark, num_nodes=1, object_store_memory="100m")
spark.stop()
say(cluster.state, ray.is_initialized())
sys.stdin.readline()
again = session()
say(again.range(10).count())
with RayCluster.start(again, num_nodes=1, object_store_memory="100m"):
    say(ray.get(ray.put(42)))
again.stop()
"""
)


@dataclass(frozen=True)
class LeftAlone:
    """The program, and the time since when it has been left alone."""

    program: Program
    since: float

    @classmethod
    def start(cls, directory: Path) -> LeftAlone:
        """Start it, and check that Ray has ended with Spark."""
        leftovers = Leftovers.before()
        path = directory / "program.py"
        path.write_text(SOURCE)
        program = Program.start([sys.executable, str(path)], cwd=directory, env=LOCAL_CLUSTER_ENV)
        try:
            assert program.line() == "stopped False"
            leftovers.assert_none()
        except BaseException:
            program.end()
            raise
        return cls(program, time.monotonic())
