"""Leftovers and other programs on the same host change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .program import Program
from .sessions import PREAMBLE

STARTS = (
    PREAMBLE
    + """
import ray
spark = session("local[2]")
with RayCluster.start(spark, object_store_memory="100m") as cluster:
    say(ray.get(ray.put(42)), len(ray.nodes()), cluster.env["RAY_AUTH_TOKEN"])
    sys.stdin.readline()
say(cluster.state)
spark.stop()
"""
)


def test_a_stray_token_file_changes_nothing(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("f" * 64)
    program = run_program(STARTS, env={"HOME": str(tmp_path)})
    answer = program.line()
    assert answer.startswith("42 1 ")
    program.say("go on")
    assert program.line() == "stopped"
    assert program.wait() == 0
    # The token is in the program's own line, and in nothing that Spark or Ray wrote.
    assert program.text().count(answer.split()[-1]) == 1


def test_two_applications_on_one_host_do_not_disturb_each_other(
    run_program: Callable[..., Program],
) -> None:
    programs = [run_program(STARTS), run_program(STARTS)]
    assert all(program.line().startswith("42 1 ") for program in programs)
    for program in programs:
        program.say("go on")
        assert program.line() == "stopped"
        assert program.wait() == 0
