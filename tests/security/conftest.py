"""Real Spark executors, real Ray, and an unprivileged user of the same host."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster.leftovers import none_left
from cluster.program import Program, runs_programs

os.environ["PYSPARK_PYTHON"] = sys.executable

leaves_nothing_behind = pytest.fixture(autouse=True)(none_left)


@pytest.fixture
def run_program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    # pytest makes its own directories private; the attacks must not already fail there.
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    yield from runs_programs(tmp_path)
