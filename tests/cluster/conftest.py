"""Real Spark executors, real Ray. Every test ends by checking that nothing is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from .left_alone import LeftAlone
from .leftovers import none_left
from .program import runs_programs

os.environ["PYSPARK_PYTHON"] = sys.executable

leaves_nothing_behind = pytest.fixture(autouse=True)(none_left)
run_program = pytest.fixture(runs_programs)


@pytest.fixture(scope="session")
def left_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeftAlone]:
    """A program that has stopped Spark but not Ray, and has waited since then."""
    started = LeftAlone.start(tmp_path_factory.mktemp("left_alone"))
    yield started
    started.program.end()


@pytest.fixture(scope="session", autouse=True)
def long_waits(request: pytest.FixtureRequest) -> None:
    """Starts `left_alone` before all tests if one of them uses it, because it has to wait long."""
    if any("left_alone" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("left_alone")
