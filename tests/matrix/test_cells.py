"""The product works with its extreme versions; `make test-matrix` runs all cells."""

from __future__ import annotations

import pytest
from rayonspark._versions import builds
from rayonspark._versions.gate import NEWEST_RAY, OLDEST_PYTHON, OLDEST_RAY

from .cells import Cell, cells, named, short
from .outcome import Outcome, status
from .run import WITHIN_S, run


def minor(ray: str) -> tuple[int, ...]:
    return tuple(int(part) for part in ray.split(".")[:2])


def test_the_cells_cover_each_build_and_the_oldest_of_the_rest() -> None:
    assert {cell.build for cell in cells()} == set(builds())
    assert len({cell.name for cell in cells()}) == len(cells())
    rays = {minor(cell.ray) for cell in cells()}
    assert (min(rays), max(rays)) == (OLDEST_RAY, NEWEST_RAY)
    assert {cell.python for cell in cells()} >= {".".join(map(str, OLDEST_PYTHON))}
    assert {cell.java for cell in cells()} >= {min(build.java for build in builds())}
    assert len(short()) == 3


def test_the_error_for_an_unknown_cell_names_the_known_cells() -> None:
    assert named([]) == cells()
    with pytest.raises(ValueError, match=r"no cell 'spark-2'\. The cells are spark-3\.5_2\.12, "):
        named(["spark-2"])


def test_a_cell_that_did_not_run_is_not_a_success() -> None:
    passed, failed, not_run = (
        Outcome(cells()[0], result) for result in ("passed", "failed", "not run: no Ray")
    )
    assert status([]) == status([not_run]) == status([passed, failed]) == 1
    assert status([passed]) == status([passed, not_run]) == 0


@pytest.mark.timeout(WITHIN_S + 300)
@pytest.mark.parametrize("cell", short(), ids=lambda cell: cell.name)
def test_everything_works_in_a_cell_and_nothing_is_left_behind(cell: Cell) -> None:
    outcome = run(cell)
    assert outcome.result == "passed", outcome.tail
