"""Real Spark executors, real Ray. Every test ends by proving that nothing is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .left_alone import LeftAlone
from .leftovers import Leftovers
from .program import Program

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ["PYSPARK_PYTHON"] = sys.executable


@pytest.fixture(scope="session")
def left_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeftAlone]:
    """A program whose Spark has ended under its Ray; it waits since then."""
    started = LeftAlone.start(tmp_path_factory.mktemp("left_alone"))
    yield started
    started.program.end()


@pytest.fixture(scope="session", autouse=True)
def long_waits(request: pytest.FixtureRequest) -> None:
    """What has to be left alone for long begins before all tests, if one will look at it."""
    if any("left_alone" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("left_alone")


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[Leftovers]:
    """What the test started must be gone when it ends."""
    leftovers = Leftovers.before()
    yield leftovers
    leftovers.assert_none()


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
