"""The cells of the matrix: which Spark with which Ray, Python and Java."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass

from rayonspark._versions import Build, builds

OLDEST_RAY = "2.41.0"
FIRST_RAY_WITH_TOKENS = "2.52.1"
NEWEST_RAY = importlib.metadata.version("ray")
"""The version in .venv."""


@dataclass(frozen=True)
class Cell:
    """A Spark and a Ray that must work together."""

    name: str
    build: Build
    ray: str = NEWEST_RAY
    python: str | None = None
    """A Python on the PATH, such as "3.10", instead of .venv's."""
    java: str | None = None
    """A Java that Debian has or had, such as "11", instead of this machine's."""
    debian: bool = False
    """Whether to use the Python and Java of Debian 13 instead of this machine's."""


def cells() -> tuple[Cell, ...]:
    """Return all cells, those with the newest Ray first."""
    oldest, newest = builds()[0], builds()[-1]
    of_4_2 = next(build for build in builds() if build.spark == "4.2")
    return (
        *(Cell(f"spark-{build.spark}_{build.scala}", build) for build in builds()),
        *(
            Cell(f"ray-{'.'.join(ray.split('.')[:2])}-spark-{build.spark}", build, ray)
            for build in (newest, oldest)
            for ray in (OLDEST_RAY, FIRST_RAY_WITH_TOKENS)
        ),
        Cell("java-11", oldest, java="11"),
        Cell("python-3.10", oldest, python="3.10"),
        Cell("python-3.12", of_4_2, python="3.12"),
        Cell("debian-13", newest, debian=True),
    )


def short() -> tuple[Cell, ...]:
    """Return the cells that are tested with each change; all suites test the newest versions."""
    oldest, newest = builds()[0], builds()[-1]
    of_4_0 = next(build for build in builds() if build.spark == "4.0")
    wanted = {(oldest, NEWEST_RAY), (of_4_0, NEWEST_RAY), (newest, OLDEST_RAY)}
    named_by_versions = (cell for cell in cells() if cell.name.startswith(("spark-", "ray-")))
    return tuple(cell for cell in named_by_versions if (cell.build, cell.ray) in wanted)


def named(names: list[str]) -> tuple[Cell, ...]:
    """Return the cells with these names, or all cells if there is no name.

    Raises
    ------
    ValueError
        A name has no cell.
    """
    known = {cell.name: cell for cell in cells()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"There is no cell {unknown[0]!r}. The cells are {', '.join(known)}.")
    return tuple(known[name] for name in names or known)
