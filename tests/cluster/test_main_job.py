"""The main job, as README's first command runs it."""

from __future__ import annotations

import sys
from pathlib import Path

from .leftovers import Leftovers
from .program import Program

EXAMPLE = Path(__file__).parents[2] / "examples" / "parameter_server.py"


def test_the_parameter_server_counts_every_update_on_two_executors(
    tmp_path: Path, leaves_nothing_behind: Leftovers
) -> None:
    argv = [sys.executable, str(EXAMPLE), "--num-iters", "5", "--dim", "10"]
    program = Program.start(argv, cwd=tmp_path, env={})
    assert program.wait() == 0, program.text()
    assert "Ray, updates: 11 = 2 workers * 5 + 1 trial call" in program.text(), program.text()
