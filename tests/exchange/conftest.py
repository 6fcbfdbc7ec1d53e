"""Real Spark executors, real Ray. A module shares a session, and ends by leaving nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster.leftovers import Leftovers
from cluster.program import Program
from pyspark.sql import SparkSession
from rayonspark import RayCluster

from .sessions import local

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ["PYSPARK_PYTHON"] = sys.executable


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind() -> Iterator[Leftovers]:
    """What the module started must be gone when it ends, files in memory among it."""
    leftovers = Leftovers.before()
    yield leftovers
    leftovers.assert_none()


@pytest.fixture(scope="module")
def spark(leaves_nothing_behind: Leftovers) -> Iterator[SparkSession]:
    """`local[2]`: the driver is the executor, and the head the only node."""
    with local() as session:
        yield session


@pytest.fixture(scope="module")
def cluster(spark: SparkSession) -> Iterator[RayCluster]:
    """A cluster whose staging holds 64 MiB."""
    with RayCluster.start(
        spark, object_store_memory="300m", staging_memory="64m", ray_init={"log_to_driver": False}
    ) as started:
        yield started


@pytest.fixture
def run_program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Runs a user's program in a process of its own: its death must not be the test's."""
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
